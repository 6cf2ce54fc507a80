"""Faithfulness: does a map beat the baseline maps, whatever the fill?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from attnviz.evidence.baseline_maps import centred_map, random_map_like
from attnviz.evidence.faithfulness.insertion_deletion import (
    STEPS,
    InsertionDeletion,
    insertion_deletion_curves,
    variant_count,
)
from attnviz.evidence.fills.base import Fill
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import FloatArray

# By chance a map beats all of nine random ones once in ten times, and loses to all as often.
CONTROLS = 9


class Verdict(StrEnum):
    """Where a map's insertion minus deletion stands among that of its controls."""

    BETTER = "better"
    ALIKE = "alike"
    WORSE = "worse"


@dataclass(frozen=True, eq=False)
class FaithfulnessTest:
    """A map and its controls under one fill.

    Attributes
    ----------
    fill : str
        Name of the fill.
    curves : InsertionDeletion
        Of the map under test.
    controls : tuple of InsertionDeletion
        Of random maps exactly as smooth as it is.
    centred : InsertionDeletion
        Of the centred disc, which is hard to beat because photographers centre their subject. It
        knows something of photos, so the verdict does not count it.
    """

    fill: str
    curves: InsertionDeletion
    controls: tuple[InsertionDeletion, ...]
    centred: InsertionDeletion

    @property
    def verdict(self) -> Verdict:
        """Better than all controls, worse than all, or among them, by insertion minus deletion.

        By the margin where no probability can change, as for a network with one class.
        """
        return self._among(self._gain)

    @property
    def margin_verdict(self) -> Verdict:
        """The verdict by the margin, which does not saturate."""
        return self._among(lambda curves: curves.margin_gain)

    @property
    def beats_centre(self) -> bool:
        """Whether insertion minus deletion is above the centred disc's."""
        return self._gain(self.curves) > self._gain(self.centred)

    @property
    def uses_margin(self) -> bool:
        """Whether only the margin can change."""
        return not float(np.ptp(self.curves.deletion.probability))

    def _gain(self, curves: InsertionDeletion) -> float:
        return curves.margin_gain if self.uses_margin else curves.gain

    def _among(self, gain: Callable[[InsertionDeletion], float]) -> Verdict:
        own, gains = gain(self.curves), [gain(control) for control in self.controls]
        if own > max(gains):
            return Verdict.BETTER
        return Verdict.WORSE if own < min(gains) else Verdict.ALIKE


def is_robust(tests: Mapping[str, FaithfulnessTest] | Sequence[FaithfulnessTest]) -> bool:
    """Whether all fills give the same verdict; with a single fill, none is robust."""
    results = list(tests.values() if isinstance(tests, Mapping) else tests)
    return len(results) > 1 and len({test.verdict for test in results}) == 1


def measure_faithfulness(
    subject: Subject,
    values: npt.ArrayLike,
    fills: Sequence[Fill],
    *,
    steps: int = STEPS,
    controls: int = CONTROLS,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, FaithfulnessTest]:
    """Compare a map with random ones of its smoothness and a centred disc, under each fill.

    Parameters
    ----------
    subject : Subject
    values : float [rows, columns]
        The map over the whole input.
    fills : sequence of Fill
    steps : int
        Number of equal steps of area.
    controls : int
        Number of random maps.
    seed : int
        Seed of the random maps.
    progress : Progress, optional
        Called with the number of pictures scored.

    Returns
    -------
    dict of str to FaithfulnessTest
        By the fill's name.

    Raises
    ------
    EvidenceError, MethodError
        As `insertion_deletion` does.
    """
    order = subject.resized_map(values)
    others = [random_map_like(order, seed + n) for n in range(controls)]
    maps = [order, centred_map(subject.size), *others]
    per_fill = variant_count(len(maps), steps)
    results: dict[str, FaithfulnessTest] = {}
    for number, fill in enumerate(fills):
        fill_progress = (
            None
            if progress is None
            else shifted(progress, number * per_fill, len(fills) * per_fill)
        )
        own, disc, *chance = insertion_deletion_curves(
            subject, maps, fill, steps=steps, progress=fill_progress
        )
        results[fill.name] = FaithfulnessTest(fill.name, own, tuple(chance), disc)
    return results


def shifted(progress: Progress, before: int, total: int) -> Progress:
    """Report the progress of one part of a longer task, after `before` of `total` steps."""
    return lambda done, _: progress(before + done, total)


def band(curves: Sequence[FloatArray]) -> FloatArray:
    """Lowest, mean and highest of several curves [m], as float32 [3, m]."""
    stacked = np.stack(curves)
    return np.stack([stacked.min(0), stacked.mean(0), stacked.max(0)])
