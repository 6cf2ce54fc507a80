"""Does the order of a map matter more than that of maps which know nothing, whatever the fill?"""

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

# A map that knows nothing beats all of nine random ones, or loses to all, once in ten times each.
CONTROLS = 9


class Verdict(StrEnum):
    """Where the map's insertion less deletion stands among its controls'."""

    BETTER = "better"
    ALIKE = "alike"
    WORSE = "worse"


@dataclass(frozen=True, eq=False)
class FaithfulnessTest:
    """A map and its controls under one fill: random maps exactly as smooth as it is.

    centred: the disc in the picture's middle, which photographers make hard to beat; it knows
    nothing of the network, but something of photos, so the verdict does not count it.
    """

    fill: str
    removal: InsertionDeletion
    controls: tuple[InsertionDeletion, ...]
    centred: InsertionDeletion

    @property
    def verdict(self) -> Verdict:
        """Better than all controls, worse than all, or among them.

        By insertion less deletion; of the margin where no probability can change, which is so for a
        network with one class.
        """
        return self._among(self._gain)

    @property
    def margin_verdict(self) -> Verdict:
        """The same by the margin, which does not saturate."""
        return self._among(lambda one: one.margin_gain)

    @property
    def beats_centre(self) -> bool:
        """Whether its insertion less deletion is above the centred disc's."""
        return self._gain(self.removal) > self._gain(self.centred)

    @property
    def by_margin(self) -> bool:
        """Whether only the margin can change."""
        return not float(np.ptp(self.removal.away.probability))

    def _gain(self, one: InsertionDeletion) -> float:
        return one.margin_gain if self.by_margin else one.gain

    def _among(self, gain: Callable[[InsertionDeletion], float]) -> Verdict:
        own, gains = gain(self.removal), [gain(one) for one in self.controls]
        if own > max(gains):
            return Verdict.BETTER
        return Verdict.WORSE if own < min(gains) else Verdict.ALIKE


def is_robust(tested: Mapping[str, FaithfulnessTest] | Sequence[FaithfulnessTest]) -> bool:
    """Whether all fills come to the same verdict; with one fill alone nothing is robust."""
    found = list(tested.values() if isinstance(tested, Mapping) else tested)
    return len(found) > 1 and len({one.verdict for one in found}) == 1


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
    """A map against random ones of its own smoothness and a centred disc, under each fill.

    Returns what was found by the fill's name. Raises as `removal` does.
    """
    order = subject.order(values)
    others = [random_map_like(order, seed + n) for n in range(controls)]
    maps = [order, centred_map(subject.size), *others]
    each = variant_count(len(maps), steps)
    found: dict[str, FaithfulnessTest] = {}
    for number, fill in enumerate(fills):
        told = None if progress is None else shifted(progress, number * each, len(fills) * each)
        own, disc, *chance = insertion_deletion_curves(
            subject, maps, fill, steps=steps, progress=told
        )
        found[fill.name] = FaithfulnessTest(fill.name, own, tuple(chance), disc)
    return found


def shifted(progress: Progress, before: int, total: int) -> Progress:
    """Tells of one part of a larger work, `before` which so many were done, of `total` in all."""
    return lambda done, _: progress(before + done, total)


def band(curves: Sequence[FloatArray]) -> FloatArray:
    """float32 [3, m]: the lowest, mean and highest of several curves [m]."""
    stacked = np.stack(curves)
    return np.stack([stacked.min(0), stacked.mean(0), stacked.max(0)])
