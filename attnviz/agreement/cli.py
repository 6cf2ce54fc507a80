"""What `python -m attnviz agreement` does, from names to a page of Markdown."""

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
    """The comparison on a folder of pictures with fixations, as Markdown.

    Names are checked before anything is read. A method that does not fit a model is left out for
    it, and said. Raises VisionError, UnknownNameError, and what
    `load_model` and `explain` raise.
    """
    known = ("auto", *Question, *(method.name for method in METHODS))
    for name in methods:
        if name not in known:
            raise UnknownNameError("method", name, known)
    loaded = [load_model(name, device) for name in models]
    with _bar("Looking through pictures") as progress:
        found = read_fixations(data, limit=limit, progress=progress)
    others = CentreBias(found.pictures)
    contestants = [*baseline_map_makers(others), *model_map_makers(loaded, methods)]
    with _bar("Comparing") as progress:
        results = compare(found, others, contestants, pixels_per_degree=degree, progress=progress)
    where = str(loaded[0].device) if loaded else "cpu"
    unfit = unsupported_notes([model.spec for model in loaded], methods)
    noted = replace(found, notes=(*found.notes, *unfit))
    return markdown(
        results, noted, data=data.resolve().name, pixels_per_degree=degree, device=where
    )


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    with tqdm(desc=title, unit="") as bar:

        def tell(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield tell
