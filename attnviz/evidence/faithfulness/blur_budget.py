"""The blur budget: how little of a picture must stay sharp, and how blurred the rest may be.

The highest positions of a map stay sharp and the rest is defocused, as in the bokeh picture; the
network is run for every sharp share and every blur radius. What preserves its decision is *a*
sufficient region: others may do as well, and none is unique.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from attnviz.errors import EvidenceError
from attnviz.evidence.baseline_maps import centred_map, inverted_map, random_map_like
from attnviz.evidence.faithfulness.sharp_share import (
    SHARES,
    blur_radii_for,
    compose_sharp,
    defocus,
    first_sharp_share,
)
from attnviz.evidence.faithfulness.thresholds import first_true, last_true, true_from, true_up_to
from attnviz.evidence.scoring import VariantScores, score_variants
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import BoolArray, FloatArray, IntArray, Pixels, plain

# A stricter criterion: the class comes first and keeps nine tenths of its probability.
CONFIDENT_SHARE = 0.9
RANDOM, CENTRED, INVERTED = "random", "centred", "inverted"


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """The network's output over a table of variants, with one column for each share.

    Attributes
    ----------
    probability : float32 [n, Q]
        Softmax probability of the target class.
    margin : float32 [n, Q]
        Its logit minus the highest other one.
    first : int64 [n, Q]
        The most probable class.
    target : int
        Index of the target class.
    """

    probability: FloatArray
    margin: FloatArray
    first: IntArray
    target: int

    @property
    def class_is_first(self) -> BoolArray:
        """bool [n, Q]: whether the target class comes first.

        For a network with one class: whether its logit is not negative.
        """
        return np.asarray((self.first == self.target) & (self.margin >= 0))


@dataclass(frozen=True, eq=False, repr=False)
class BlurBudget:
    """Scores over blur radii and sharp shares, and those of the baseline maps.

    Attributes
    ----------
    pixels : uint8 [h, w, 3]
        The picture at the network's input size.
    blurred : uint8 [R, h, w, 3]
        The whole picture defocused by each radius.
    first_sharp : uint8 [h, w]
        Index of the first share at which each pixel is sharp.
    radii : tuple of float, length R
        Blur radii in input pixels, rising from 0.
    shares : tuple of float, length Q
        Sharp shares, rising from 0 to 1.
    scores : ScoreTable [R, Q]
    controls : mapping of str to ScoreTable [n, Q]
        Baseline maps by name, at the strongest blur, with one row for each seed.
    """

    pixels: Pixels
    blurred: Pixels
    first_sharp: Pixels
    radii: tuple[float, ...]
    shares: tuple[float, ...]
    scores: ScoreTable
    controls: Mapping[str, ScoreTable]

    @property
    def diagonal(self) -> float:
        """The input's diagonal in pixels."""
        return math.hypot(*self.first_sharp.shape)

    @property
    def recognised(self) -> bool:
        """Whether the class comes first on the sharp picture."""
        return bool(self.scores.class_is_first[0, -1])

    @property
    def hidden_by_blur(self) -> bool:
        """Whether the strongest blur hides the class; otherwise no sharp share is needed at all."""
        return not bool(self.scores.class_is_first[-1, 0])

    @property
    def confident(self) -> BoolArray:
        """bool [R, Q]: the class comes first with at least 90 % of its probability."""
        unblurred = self.scores.probability[0, -1]
        return np.asarray(self.preserved & (self.scores.probability >= CONFIDENT_SHARE * unblurred))

    @property
    def preserved(self) -> BoolArray:
        """bool [R, Q]: the decision is preserved; all false if the class is not recognised."""
        return np.asarray(self.scores.class_is_first & self.recognised)

    @property
    def smallest_share(self) -> FloatArray:
        """float32 [R]: smallest share that preserves the decision; NaN if none does."""
        return first_true(self.preserved, self.shares)

    @property
    def stable_share(self) -> FloatArray:
        """float32 [R]: share from which on the decision is always preserved; NaN if never."""
        return true_from(self.preserved, self.shares)

    @property
    def critical_radius(self) -> FloatArray:
        """float32 [Q]: radius up to which the decision is always preserved; NaN if never.

        The largest circle of confusion that the decision survives, for each share.
        """
        return true_up_to(self.preserved.T, self.radii)

    @property
    def failure_radius(self) -> FloatArray:
        """float32 [Q]: smallest radius at which the decision is lost; NaN if at none.

        It follows `critical_radius` in `radii`: the decision flips between the two.
        """
        return first_true(~self.preserved.T, self.radii)

    @property
    def largest_radius(self) -> FloatArray:
        """float32 [Q]: largest radius at which the decision is preserved at all; NaN if at none."""
        return last_true(self.preserved.T, self.radii)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON has them; None where a radius or share does not exist."""
        names = ("recognised", "hidden_by_blur", "radii", "shares", "preserved")
        found = ("smallest_share", "stable_share", "critical_radius", "failure_radius")
        return {
            **{name: plain(getattr(self, name)) for name in (*names, *found)},
            "probability": plain(self.scores.probability),
            "controls": {name: plain(self.control_smallest_share(name)) for name in self.controls},
        }

    def __repr__(self) -> str:
        """Say how little must stay sharp at the strongest blur, in a line."""
        if not self.recognised:
            return "<BlurBudget: the class does not come first on the sharp picture>"
        share, radius = self.smallest_share[-1], self.radii[-1]
        least = "none" if math.isnan(share) else f"{100 * share:.0f}%"
        return f"<BlurBudget: {least} sharp preserves the decision at a blur of {radius:.1f} px>"

    def control_smallest_share(self, control: str) -> FloatArray:
        """float32 [n]: a control's smallest share at the strongest blur, for each seed."""
        return first_true(self.controls[control].class_is_first, self.shares)

    def control_stable_share(self, control: str) -> FloatArray:
        """float32 [n]: share from which on a control always preserves it there, by seed."""
        return true_from(self.controls[control].class_is_first, self.shares)

    def variant(self, radius: int, share: int) -> Pixels:
        """The input that was scored, uint8 [h, w, 3], by the indices of its radius and share."""
        return compose_sharp(self.pixels, self.blurred[radius], self.first_sharp, share)


def blur_budget(
    subject: Subject,
    values: npt.ArrayLike,
    *,
    radii: Sequence[float] | None = None,
    shares: Sequence[float] = SHARES,
    seeds: int = 3,
    progress: Progress | None = None,
) -> BlurBudget:
    """Score every sharp share of the picture at every blur radius.

    Parameters
    ----------
    subject : Subject
    values : float [rows, columns]
        The map over the whole input.
    radii : sequence of float, optional
        Blur radii in input pixels, rising and above 0; 0 is added (default: ten radii from 0.5 to
        12 % of the diagonal).
    shares : sequence of float
        Shares of the picture that stay sharp, rising from 0 to 1.
    seeds : int
        Number of random baseline maps.
    progress : Progress, optional
        Called with the number of pictures scored; what it raises stops the work.

    Returns
    -------
    BlurBudget

    Raises
    ------
    EvidenceError
        If the map is flat, radii or shares do not rise, or a score is not finite.
    UnknownClassError
        If the network has no such class.
    """
    order = subject.resized_map(values)
    sizes = (0.0, *(blur_radii_for(subject.size) if radii is None else radii))
    if len(sizes) < 2 or not (np.diff(sizes) > 0).all():
        raise EvidenceError("Blur radii must rise and be above 0.")
    blurred = np.stack([defocus(subject.pixels, size) for size in sizes])
    baselines = {
        RANDOM: [random_map_like(order, seed) for seed in range(seeds)],
        CENTRED: [centred_map(subject.size)],
        INVERTED: [inverted_map(order)],
    }
    steps = [
        first_sharp_share(map_values, shares) for map_values in (order, *chain(*baselines.values()))
    ]
    last = len(sizes) - 1
    rows = [*((size, 0) for size in range(len(sizes))), *((last, n) for n in range(1, len(steps)))]
    scores = _Table(subject, blurred, steps, len(shares)).scores(rows, progress)
    controls, start = {}, len(sizes)
    for name, maps in baselines.items():
        controls[name] = _select(scores, slice(start, start + len(maps)), subject.target)
        start += len(maps)
    map_scores = _select(scores, slice(len(sizes)), subject.target)
    return BlurBudget(subject.pixels, blurred, steps[0], sizes, tuple(shares), map_scores, controls)


def _select(source: VariantScores | ScoreTable, where: slice | IntArray, target: int) -> ScoreTable:
    """Select rows or cells of the scores."""
    return ScoreTable(source.probability[where], source.margin[where], source.first[where], target)


@dataclass(frozen=True)
class _Table:
    """Rows of variants, each with one radius and one map; no picture is scored twice."""

    subject: Subject
    blurred: Pixels
    steps: Sequence[Pixels]
    count: int

    def scores(self, rows: Sequence[tuple[int, int]], progress: Progress | None) -> ScoreTable:
        cells = [[self._representative(*row, share) for share in range(self.count)] for row in rows]
        places = {cell: n for n, cell in enumerate(dict.fromkeys(chain(*cells)))}
        variant_scores = score_variants(
            self.subject, self._variants(list(places)), len(places), progress
        )
        where = np.array([[places[cell] for cell in row] for row in cells])
        return _select(variant_scores, where, self.subject.target)

    def _representative(self, radius: int, order: int, share: int) -> tuple[int, int, int]:
        """The cell that represents all cells with the same picture."""
        if radius == 0 or share == self.count - 1:
            return 0, 0, 0
        return (radius, 0, 0) if share == 0 else (radius, order, share)

    def _variants(self, cells: Sequence[tuple[int, int, int]]) -> Iterator[Tensor]:
        sharp = self.subject.pixels
        for start in range(0, len(cells), self.subject.batch_size):
            pictures = [
                compose_sharp(sharp, self.blurred[radius], self.steps[order], share)
                for radius, order, share in cells[start : start + self.subject.batch_size]
            ]
            yield self.subject.prepare(np.stack(pictures))
