"""`attnviz.explain_many`: many pictures through one network, in batches, results in order."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from torch.utils.data import Dataset

from attnviz.analysis.asked import targets_of
from attnviz.analysis.explain_together import Asked, explain_alone, explain_together
from attnviz.analysis.explanation import Explanation
from attnviz.batch.decoding import DecodedPicture, Decoder, PictureOrders, decoded
from attnviz.batch.window import BatchWindow
from attnviz.errors import AttnvizError, MethodError, NoSitesError, UnknownNameError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource
from attnviz.progress import Progress, report_progress

_ON_CPU, _ON_ACCELERATOR = 16, 64
_USUAL_PIXELS = 224 * 224  # larger inputs come in smaller batches
_WINDOW = 4  # batches
_WINDOW_BYTES = 512 * 2**20
_IMPOSSIBLE = (MethodError, NoSitesError, UnknownNameError)


@dataclass(frozen=True, eq=False)
class ExplainedPicture:
    """The result for one of many pictures.

    Attributes
    ----------
    index
        Its place among them, from 0.
    name
        Its path as it was given, or its name; "picture 17" where it has none.
    explanation
        What `attnviz.explain` returns for it; None where that raises.
    error
        What it raises; None where there is an explanation.
    """

    index: int
    name: str
    explanation: Explanation | None = None
    error: AttnvizError | None = None

    def __post_init__(self) -> None:
        if (self.explanation is None) == (self.error is None):
            raise ValueError("A picture has an explanation or an error.")


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

    Yields
    ------
    ExplainedPicture
        One for each picture.

    Raises
    ------
    UnknownNameError
        There is no such precision, method or class.
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
    asked = Asked(method, target, precision)
    targets_of(model, target)
    batch = _Batches(model, asked, batch_size)
    return batch.results(PictureOrders.of(pictures), workers, progress)


@dataclass(frozen=True)
class _Batches:
    model: VisionModel
    asked: Asked
    batch_size: int | None

    def results(
        self, pictures: PictureOrders, workers: int, progress: Progress | None
    ) -> Iterator[ExplainedPicture]:
        window = BatchWindow(
            _input_shape,
            self._size,
            lambda one: one.nbytes,
            self._explained,
            _WINDOW * self._size(None),
            _WINDOW_BYTES,
        )
        results = chain(self._until_explained(pictures), window(self._decoded(pictures, workers)))
        for done, result in enumerate(results, 1):
            report_progress(progress, done, pictures.count)
            yield result

    def _until_explained(self, pictures: PictureOrders) -> Iterator[ExplainedPicture]:
        """The results up to the first that is none of an error, one by one.

        The network is looked at here: a size of input that was inferred may change.
        """
        for order in pictures.orders:
            one = Decoder(self.model.preprocess, pictures.data)[order]
            result = _result(one, self._alone(one))
            if isinstance(result.error, _IMPOSSIBLE):
                raise result.error
            yield result
            if result.explanation is not None:
                return

    def _decoded(self, pictures: PictureOrders, workers: int) -> Iterator[DecodedPicture]:
        """The pictures that are left, opened as the network takes them by then."""
        left = workers if pictures.count is None else min(workers, pictures.count - 1)
        yield from decoded(pictures, self.model.preprocess, left)

    def _alone(self, one: DecodedPicture) -> Explanation | AttnvizError:
        if one.picture is None:
            assert one.error is not None
            return one.error
        return explain_alone(self.model, one.picture, self.asked)

    def _explained(self, batch: list[DecodedPicture]) -> list[ExplainedPicture]:
        if batch[0].error is not None:
            return [_result(one, self._alone(one)) for one in batch]
        found = explain_together(self.model, [one.prepared() for one in batch], self.asked)
        return [_result(one, result) for one, result in zip(batch, found, strict=True)]

    def _size(self, shape: Hashable) -> int:
        if self.batch_size is not None:
            return max(self.batch_size, 1)
        most = _ON_CPU if self.model.device.type == "cpu" else _ON_ACCELERATOR
        height, width = shape[-2:] if isinstance(shape, tuple) else (1, 1)
        return max(1, min(most, most * _USUAL_PIXELS // int(height * width)))


def _input_shape(one: DecodedPicture) -> Hashable | None:
    return None if one.inputs is None else one.inputs.shape


def _result(one: DecodedPicture, found: Explanation | AttnvizError) -> ExplainedPicture:
    if isinstance(found, AttnvizError):
        return ExplainedPicture(one.index, one.name, error=found)
    return ExplainedPicture(one.index, one.name, found)
