"""The public function `attnviz.agreement`: how well maps predict where people look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from attnviz.errors import OutputError, UnknownNameError
from attnviz.files import replace_whole
from attnviz.methods.base import METHODS
from attnviz.methods.questions import Question
from attnviz.metrics.fixations import FixationSet, read_fixations
from attnviz.metrics.inter_observer import CentreBias
from attnviz.models.loading import load_model
from attnviz.models.vision_model import VisionModel
from attnviz.people.dataset import AgreementResults, compare
from attnviz.people.map_makers import baseline_map_makers, model_map_makers, unsupported_notes
from attnviz.people.rows import AgreementRow, csv_table, rows_of
from attnviz.people.table import markdown
from attnviz.progress import Progress

METHODS_ASKED = ("attention", "decision")


@dataclass(frozen=True, eq=False, repr=False)
class Agreement:
    """How well maps of models, and of baselines, predict people's fixations.

    Attributes
    ----------
    results : AgreementResults
        Scores of every map on every picture.
    fixations : FixationSet
        Where people looked, with notes on what was left out.
    data : str
        Name of the folder.
    pixels_per_degree : float
        Image pixels per degree of visual angle.
    device : str
        Where the models ran.
    """

    results: AgreementResults
    fixations: FixationSet
    data: str
    pixels_per_degree: float
    device: str

    @property
    def rows(self) -> list[AgreementRow]:
        """A row for each map: mean and bootstrap interval of each score over the pictures."""
        return rows_of(self.results)

    def to_csv(self, path: str | PathLike[str] | None = None) -> str:
        """Return the rows as comma-separated values, and write them to a file if one is given.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        text = csv_table(self.rows)
        if path is not None:
            _write(Path(path), text)
        return text

    def to_markdown(self) -> str:
        """Return a page with the table, what its scores mean, and how it was made."""
        return markdown(
            self.results,
            self.fixations,
            data=self.data,
            pixels_per_degree=self.pixels_per_degree,
            device=self.device,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return mean, low and high of each score of each map, by the map's name."""
        return {
            row.title: {score: cell._asdict() for score, cell in row.cells.items()}
            for row in self.rows
        }

    def __repr__(self) -> str:
        """Say what was compared, in a line."""
        pictures = len(self.fixations.pictures)
        return f"<Agreement of {len(self.rows)} maps with people, on {pictures} pictures>"


def agreement(
    models: Sequence[VisionModel | str] | VisionModel | str,
    folder: str | PathLike[str],
    methods: Sequence[str] | str = METHODS_ASKED,
    *,
    limit: int | None = None,
    pixels_per_degree: float = 24.0,
    device: str = "auto",
    progress: Progress | None = None,
) -> Agreement:
    """Compare maps with the fixations of a folder of pictures.

    Names are checked before anything is read. Combinations of method and model that do not fit are
    left out, with a note; baselines and other observers are always among the rows.

    Parameters
    ----------
    models : sequence of VisionModel or str
        Networks, or their names; one needs no list.
    folder : path
        Has pictures and a `fixations.json`.
    methods : sequence of str
        Methods or questions, as in `attnviz.explain`.
    limit : int, optional
        Compare at most so many pictures.
    pixels_per_degree : float
        Image pixels per degree of visual angle.
    device : str
        Where models are loaded that are given by name, such as "cpu" or "cuda".
    progress : Progress, optional
        Called with the number of pictures read, then compared; what it raises stops the work.

    Returns
    -------
    Agreement

    Raises
    ------
    VisionError
        For a folder that cannot be used.
    UnknownNameError
        For an unknown method or model.
    AttnvizError
        What `load_model` and `explain` raise.

    References
    ----------
    Bylinskii et al., "What do different evaluation metrics tell us about saliency models?", TPAMI
    2019, arXiv 1604.03605.
    """
    named = (methods,) if isinstance(methods, str) else tuple(methods)
    check_methods(named)
    given = [models] if isinstance(models, (VisionModel, str)) else models
    loaded = [load_model(one, device) if isinstance(one, str) else one for one in given]
    place = Path(folder)
    fixations = read_fixations(place, limit=limit, progress=progress)
    centre_bias = CentreBias(fixations.pictures)
    makers = [*baseline_map_makers(centre_bias), *model_map_makers(loaded, named)]
    results = compare(
        fixations, centre_bias, makers, pixels_per_degree=pixels_per_degree, progress=progress
    )
    unsupported = unsupported_notes([model.spec for model in loaded], named)
    noted = replace(fixations, notes=(*fixations.notes, *unsupported))
    where = str(loaded[0].device) if loaded else "cpu"
    return Agreement(results, noted, place.resolve().name, pixels_per_degree, where)


def check_methods(methods: Sequence[str]) -> None:
    """Raise UnknownNameError for the first that is no method or question."""
    known = ("auto", *Question, *(method.name for method in METHODS))
    for name in methods:
        if name not in known:
            raise UnknownNameError("method", name, known)


def _write(path: Path, text: str) -> None:
    try:
        replace_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written ({reason}). Choose another place.") from error
