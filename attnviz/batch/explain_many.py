"""`attnviz.explain_many`: many pictures through one network, in batches, results in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from torch.utils.data import Dataset

from attnviz.analysis.asked import targets_of
from attnviz.analysis.explain_together import Asked
from attnviz.batch.decoding import Decoder, PictureOrders
from attnviz.batch.engine import BatchEngine
from attnviz.batch.engine import ExplainedPicture as ExplainedPicture
from attnviz.errors import MethodError, NoSitesError, UnknownNameError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource
from attnviz.progress import Progress, report_progress

_IMPOSSIBLE = (MethodError, NoSitesError, UnknownNameError)


def explain_many(
    model: VisionModel,
    pictures: Iterable[Picture | PictureSource] | Dataset[Any],
    method: str = "auto",
    target: Any = None,
    *,
    batch_size: int | None = None,
    workers: int = 0,
    precision: str = "float32",
    progress: Progress | None = None,
    layers: Sequence[str] | str | None = None,
) -> Iterator[ExplainedPicture]:
    """Explain many pictures, lazily and in order, each as `attnviz.explain` does.

    Pictures whose inputs have one size go through the network together. In float32 maps equal those
    of `explain` to 1e-5; in half precision they differ by some 3 % of a layer's largest value on
    average. Pictures are read as results are taken, at most four batches or 512 MB ahead, so memory
    stays flat however many there are. A picture that cannot be opened or explained does not stop
    the others: its result has the error.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    pictures
        An iterable of pictures or of what `open_picture` opens, such as paths; or a data set of
        torch, whose items are such, or tensors [3, H, W] (uint8, or in 0..1 and not normalised), or
        tuples that begin with one, such as (image, label).
    method, target
        As for `attnviz.explain`; the same for all.
    batch_size
        Largest number of pictures in a pass; if None, 16 on the CPU and 64 elsewhere, and fewer of
        inputs of more than 224 x 224 pixels. Halved where memory runs out.
    workers
        Number of processes that open pictures while the network works; 0 opens them in this one. A
        script that uses them must guard what it does by `if __name__ == "__main__":`.
    precision
        "float32", or "bfloat16" or "float16" for autocast.
    progress
        Called with the number of results; what it raises stops the work, and comes out as it is.
    layers
        The only layers whose maps are needed, as for `attnviz.explain`; all if None.

    Yields
    ------
    ExplainedPicture
        One for each picture.

    Raises
    ------
    UnknownNameError
        There is no such precision, method, class or layer.
    TargetError
        The model cannot be asked this.
    MethodError, NoSitesError
        The method does not fit the network. They are raised for the first picture that opens; of a
        later one they are its error.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from torch import nn
    >>> import attnviz
    >>> network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    >>> model = attnviz.wrap(network.eval(), attnviz.Preprocess(size=8, fit="squash"))
    >>> photos = [np.full((8, 8, 3), grey, np.uint8) for grey in (0, 128)]
    >>> [one.explanation is not None for one in attnviz.explain_many(model, photos, "occlusion")]
    [True, True]
    """
    only = (layers,) if isinstance(layers, str) else layers
    asked = Asked(method, target, precision, None if only is None else tuple(only))
    targets_of(model, target)
    engine = BatchEngine(model, asked, batch_size, workers)
    return _results(engine, PictureOrders.of(pictures), progress)


def _results(
    engine: BatchEngine, pictures: PictureOrders, progress: Progress | None
) -> Iterator[ExplainedPicture]:
    results = chain(until_explained(engine, pictures), engine(pictures))
    for done, result in enumerate(results, 1):
        report_progress(progress, done, pictures.count)
        yield result


def until_explained(engine: BatchEngine, pictures: PictureOrders) -> Iterator[ExplainedPicture]:
    """Explain pictures one by one, until the first that gives no error.

    The network is looked at here: a size of input that was inferred may change.

    Parameters
    ----------
    engine
        With the model, and what is asked.
    pictures
        The rest is left in it.

    Yields
    ------
    ExplainedPicture
        One for each picture that was read.

    Raises
    ------
    UnknownNameError, MethodError, NoSitesError
        What is asked is impossible for the first picture that opens, and so for all.
    """
    for order in pictures.orders:
        result = engine.alone(Decoder(engine.model.preprocess, pictures.data)[order])
        if isinstance(result.error, _IMPOSSIBLE):
            raise result.error
        yield result
        if result.explanation is not None:
            return
