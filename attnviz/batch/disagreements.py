"""Two networks over the same pictures: where they disagree, and where they look elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnviz.batch.parts import ResultFolder
from attnviz.batch.rows import SEEN, geometry_of
from attnviz.batch.stored_maps import StoredMaps
from attnviz.errors import FocusError, OutputError
from attnviz.metrics.map_difference import MapDifference, difference
from attnviz.progress import Progress, report_progress

_NEEDED = ("path", "sha256", "width", "height", *SEEN, "top1", "probability1", "layer", "flat")


@dataclass(frozen=True)
class Disagreement:
    """What two networks make of one picture.

    Attributes
    ----------
    index, other
        Of the picture, in the first set and in the second.
    path
        Where it lies, as the first set names it.
    top, other_top
        The class that each network sees; None where it names none.
    probability, other_probability
        Of these classes.
    correlation
        Rank correlation (Spearman) of their maps, -1..1, over what both networks saw; None where a
        map is flat.
    overlap
        Share of the highest fifth that their maps have in common, 0..1; 0.2 for unrelated maps.
    """

    index: int
    other: int
    path: str
    top: str | None
    other_top: str | None
    probability: float | None
    other_probability: float | None
    correlation: float | None
    overlap: float | None

    @property
    def same_top(self) -> bool:
        """Whether both networks see the same class, by its name."""
        return self.top == self.other_top


@dataclass(frozen=True)
class SetComparison:
    """Two networks over the pictures that two sets share.

    Attributes
    ----------
    names
        Of the networks.
    rows
        A row for each shared picture. Those of which the networks see different classes come first;
        among them, and among the others, those whose maps have the least in common.
    alone
        How many explained pictures only the first set has, and only the second.
    """

    names: tuple[str, str]
    rows: tuple[Disagreement, ...]
    alone: tuple[int, int]

    @property
    def agreement(self) -> float | None:
        """Share of the shared pictures in which both see the same class, in 0..1."""
        return _mean([float(row.same_top) for row in self.rows if row.top and row.other_top])

    @property
    def correlation(self) -> float | None:
        """Mean rank correlation of the maps."""
        return _mean([row.correlation for row in self.rows if row.correlation is not None])

    @property
    def overlap(self) -> float | None:
        """Mean overlap of the maps."""
        return _mean([row.overlap for row in self.rows if row.overlap is not None])

    def summary(self) -> dict[str, Any]:
        """Return the numbers of the whole, as JSON has them."""
        return {
            "models": list(self.names),
            "pictures": len(self.rows),
            "alone": list(self.alone),
            "same class": self.agreement,
            "rank correlation": self.correlation,
            "overlap": self.overlap,
        }


def compare_sets(
    first: ResultFolder, second: ResultFolder, progress: Progress | None = None
) -> SetComparison:
    """Compare two networks over the pictures that two runs share.

    Pictures correspond by their content (SHA-256), or else by their path. Maps of the best layers
    are compared as `attnviz.compare` does, from what was stored: no network runs.

    Parameters
    ----------
    first, second
        The results of both runs, whole.
    progress
        Called with the number of pictures that were compared; what it raises stops the work.

    Returns
    -------
    SetComparison
        Those that disagree first.

    Raises
    ------
    OutputError
        A folder does not hold results that are whole, or they share no picture.
    """
    tables = [_rows(folder) for folder in (first, second)]
    pairs = _pairs(*tables)
    if not pairs:
        raise OutputError(
            f"{first.path} and {second.path} have no picture in common. Run both over the same "
            "pictures."
        )
    maps = StoredMaps(first), StoredMaps(second)
    found = []
    for done, (one, other) in enumerate(pairs, 1):
        found.append(_compared(one, other, maps))
        report_progress(progress, done, len(pairs))
    explained = [sum(row["sha256"] is not None for row in rows) for rows in tables]
    return SetComparison(
        (_model(first), _model(second)),
        tuple(sorted(found, key=_rank)),
        (explained[0] - len(pairs), explained[1] - len(pairs)),
    )


def _rank(row: Disagreement) -> tuple[bool, float]:
    return row.same_top, 2.0 if row.overlap is None else row.overlap


def _rows(folder: ResultFolder) -> list[dict[str, Any]]:
    """What is needed of all pictures, each with its index."""
    folder.require_whole()
    columns = ["index", *_NEEDED]
    rows: list[dict[str, Any]] = folder.scores().select(columns).to_pylist()
    return rows


def _pairs(
    first: Sequence[dict[str, Any]], second: Sequence[dict[str, Any]]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Rows of the same picture, in the order of the first; of copies, in their order."""
    left = [row for row in first if row["sha256"] is not None]
    right = [row for row in second if row["sha256"] is not None]
    partners: dict[int, dict[str, Any]] = {}
    for key in ("sha256", "path"):
        waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
        taken = {row["index"] for row in partners.values()}
        for row in reversed(right):
            if row["index"] not in taken:
                waiting[row[key]].append(row)
        for row in left:
            if row["index"] not in partners and waiting[row[key]]:
                partners[row["index"]] = waiting[row[key]].pop()
    return [(row, partners[row["index"]]) for row in left if row["index"] in partners]


def _compared(
    one: dict[str, Any], other: dict[str, Any], maps: tuple[StoredMaps, StoredMaps]
) -> Disagreement:
    alike = _difference((one, other), maps)
    return Disagreement(
        one["index"],
        other["index"],
        one["path"],
        one["top1"],
        other["top1"],
        one["probability1"],
        other["probability1"],
        None if alike is None else alike.spearman,
        None if alike is None else alike.overlap,
    )


def _difference(
    rows: tuple[dict[str, Any], dict[str, Any]], maps: tuple[StoredMaps, StoredMaps]
) -> MapDifference | None:
    """How the maps of the best layers differ; None where they cannot be compared."""
    if any(row["flat"] for row in rows):
        return None
    one, other = (
        own.of_layer(row["index"], row["layer"]) for row, own in zip(rows, maps, strict=True)
    )
    if one is None or other is None:
        return None
    try:
        return difference(one, geometry_of(rows[0]), other, geometry_of(rows[1]))
    except FocusError:  # they saw no common part, or a map is flat within it
        return None


def _model(folder: ResultFolder) -> str:
    return str(folder.manifest()["question"]["model"])


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
