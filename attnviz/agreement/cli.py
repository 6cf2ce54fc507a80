"""The command `attnviz agreement`, from names to a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from attnviz.agreement.dataset import compare
from attnviz.agreement.map_makers import baseline_map_makers, model_map_makers, unsupported_notes
from attnviz.agreement.table import markdown
from attnviz.errors import UnknownNameError
from attnviz.methods.base import METHODS
from attnviz.methods.questions import Question
from attnviz.metrics.fixations import read_fixations
from attnviz.metrics.inter_observer import CentreBias
from attnviz.models.loading import load_model
from attnviz.progress import Progress


def compare_folder(
    data: Path,
    models: Sequence[str],
    methods: Sequence[str],
    *,
    limit: int | None,
    degree: float,
    device: str,
) -> str:
    """Compare maps with the fixations of a folder of pictures.

    Names are checked before anything is read. Combinations of method and model that do not fit are
    left out, with a note.

    Parameters
    ----------
    data : Path
        Folder with pictures and `fixations.json`.
    models, methods : sequence of str
    limit : int or None
        Compare at most so many pictures.
    degree : float
        Image pixels per degree of visual angle.
    device : str
        Such as "cpu" or "cuda".

    Returns
    -------
    str
        A page of Markdown.

    Raises
    ------
    VisionError
        For a folder that cannot be used.
    UnknownNameError
        For an unknown method.
    AttnvizError
        What `load_model` and `explain` raise.
    """
    known = ("auto", *Question, *(method.name for method in METHODS))
    for name in methods:
        if name not in known:
            raise UnknownNameError("method", name, known)
    loaded = [load_model(name, device) for name in models]
    with _bar("Reading pictures") as progress:
        fixations = read_fixations(data, limit=limit, progress=progress)
    centre_bias = CentreBias(fixations.pictures)
    contestants = [*baseline_map_makers(centre_bias), *model_map_makers(loaded, methods)]
    with _bar("Comparing") as progress:
        results = compare(
            fixations, centre_bias, contestants, pixels_per_degree=degree, progress=progress
        )
    device_name = str(loaded[0].device) if loaded else "cpu"
    unsupported = unsupported_notes([model.spec for model in loaded], methods)
    annotated = replace(fixations, notes=(*fixations.notes, *unsupported))
    return markdown(
        results, annotated, data=data.resolve().name, pixels_per_degree=degree, device=device_name
    )


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    """A progress bar on the terminal."""
    with tqdm(desc=title, unit="") as bar:

        def report(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield report
