"""The blur budget: how little of a picture must stay sharp, how much blur the rest may take.

The places where a map is highest stay sharp, and the rest goes out of focus, as in the bokeh
picture: for every share of the picture and every radius of blur the network is asked again. What
keeps its decision is *a* sufficient region: others may do as well, and none is unique.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

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
from attnviz.types import BoolArray, FloatArray, IntArray, Pixels

# A second, stricter line: the class comes first, and loses no more than a tenth of its probability.
FIRM = 0.9
RANDOM, CENTRED, INVERTED = "random", "centred", "inverted"


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """What the network says over a table of variants; all arrays [n, Q], a column for each share.

    probability: float32, softmax of the class. margin: float32, its logit less the strongest other.
    first: int64, the most probable class. survives: whether that is the class; for a network with
    one class, whether its logit is not negative.
    """

    probability: FloatArray
    margin: FloatArray
    first: IntArray
    target: int

    @property
    def survives(self) -> BoolArray:
        """Whether the class comes first."""
        return np.asarray((self.first == self.target) & (self.margin >= 0))


@dataclass(frozen=True, eq=False)
class BlurBudget:
    """The answers over radii and sharp shares, and those of maps that know nothing.

    pixels: uint8 [h, w, 3], the picture on the network's input. blurred: uint8 [R, h, w, 3], all of
    it out of focus by each radius. steps: uint8 [h, w], the index of the first share that has a
    pixel sharp. radii: px of the input, rising from 0. shares: in 0..1, rising from 0 to 1.
    answers: [R, Q]. controls: by name, at the strongest blur, with a row for each seed [n, Q].
    """

    pixels: Pixels
    blurred: Pixels
    steps: Pixels
    radii: tuple[float, ...]
    shares: tuple[float, ...]
    answers: ScoreTable
    controls: Mapping[str, ScoreTable]

    @property
    def diagonal(self) -> float:
        """Of the input, in px."""
        return math.hypot(*self.steps.shape)

    @property
    def named(self) -> bool:
        """Whether the class comes first on the sharp picture; if not, there is nothing to keep."""
        return bool(self.answers.survives[0, -1])

    @property
    def hidden(self) -> bool:
        """Whether the strongest blur hides the class; if not, no share was needed at all."""
        return not bool(self.answers.survives[-1, 0])

    @property
    def firm(self) -> BoolArray:
        """[R, Q]: the class comes first, with 90 % or more of its probability on the picture."""
        whole = self.answers.probability[0, -1]
        return np.asarray(self.kept & (self.answers.probability >= FIRM * whole))

    @property
    def kept(self) -> BoolArray:
        """[R, Q]: the decision is kept; nowhere, if there is none on the sharp picture."""
        return np.asarray(self.answers.survives & self.named)

    @property
    def smallest(self) -> FloatArray:
        """[R]: the smallest share that keeps the decision, for each radius; NaN if none."""
        return first_true(self.kept, self.shares)

    @property
    def always_from(self) -> FloatArray:
        """[R]: the share from which on the decision is always kept; NaN if never."""
        return true_from(self.kept, self.shares)

    @property
    def critical(self) -> FloatArray:
        """[Q]: the radius up to which the decision is always kept, for each share; NaN if never.

        The largest circle of confusion that the decision survives.
        """
        return true_up_to(self.kept.T, self.radii)

    @property
    def given_up(self) -> FloatArray:
        """[Q]: the smallest radius at which the decision is lost; NaN if at none.

        It is the one after `critical`: the decision turns somewhere between these two.
        """
        return first_true(~self.kept.T, self.radii)

    @property
    def last_radius(self) -> FloatArray:
        """[Q]: the largest radius at which the decision is kept at all; NaN if at none."""
        return last_true(self.kept.T, self.radii)

    def smallest_of(self, control: str) -> FloatArray:
        """[n]: the smallest share of a control at the strongest blur, for each seed."""
        return first_true(self.controls[control].survives, self.shares)

    def always_from_of(self, control: str) -> FloatArray:
        """[n]: the share from which on a control always keeps it there, for each seed."""
        return true_from(self.controls[control].survives, self.shares)

    def picture(self, radius: int, share: int) -> Pixels:
        """The very pixels, uint8 [h, w, 3], that the network was asked about; by indices."""
        return compose_sharp(self.pixels, self.blurred[radius], self.steps, share)


def blur_budget(
    subject: Subject,
    values: npt.ArrayLike,
    *,
    radii: Sequence[float] | None = None,
    shares: Sequence[float] = SHARES,
    seeds: int = 3,
    progress: Progress | None = None,
) -> BlurBudget:
    """Ask about every sharp share of the picture at every radius of blur.

    Args:
        subject: the network, the picture and the class.
        values: the map, float [rows, columns] over the whole input.
        radii: of the blur, in px of the input, rising and above 0; 0 is added. Ten from 0.5 to 12 %
            of the diagonal if None.
        shares: of the picture that stay sharp, rising from 0 to 1.
        seeds: random maps to compare with.
        progress: told how many pictures have been through; what it raises stops the work.

    Raises:
        EvidenceError: the map is flat, radii or shares do not rise, or an answer is not finite.
        MethodError: the network has no such class.
    """
    order = subject.order(values)
    sizes = (0.0, *(blur_radii_for(subject.size) if radii is None else radii))
    if len(sizes) < 2 or not (np.diff(sizes) > 0).all():
        raise EvidenceError("Radii of blur must rise, and be above 0.")
    blurred = np.stack([defocus(subject.pixels, size) for size in sizes])
    others = {
        RANDOM: [random_map_like(order, seed) for seed in range(seeds)],
        CENTRED: [centred_map(subject.size)],
        INVERTED: [inverted_map(order)],
    }
    steps = [first_sharp_share(one, shares) for one in (order, *chain(*others.values()))]
    last = len(sizes) - 1
    rows = [*((size, 0) for size in range(len(sizes))), *((last, n) for n in range(1, len(steps)))]
    answers = _Table(subject, blurred, steps, len(shares)).answers(rows, progress)
    controls, start = {}, len(sizes)
    for name, maps in others.items():
        controls[name] = _taken(answers, slice(start, start + len(maps)), subject.target)
        start += len(maps)
    own = _taken(answers, slice(len(sizes)), subject.target)
    return BlurBudget(subject.pixels, blurred, steps[0], sizes, tuple(shares), own, controls)


def _taken(source: VariantScores | ScoreTable, where: slice | IntArray, target: int) -> ScoreTable:
    return ScoreTable(source.probability[where], source.margin[where], source.first[where], target)


@dataclass(frozen=True)
class _Table:
    """Rows of variants, each of one radius and one map; no picture is asked about twice."""

    subject: Subject
    blurred: Pixels
    steps: Sequence[Pixels]
    count: int

    def answers(self, rows: Sequence[tuple[int, int]], progress: Progress | None) -> ScoreTable:
        cells = [[self._same(*row, share) for share in range(self.count)] for row in rows]
        places = {cell: n for n, cell in enumerate(dict.fromkeys(chain(*cells)))}
        scores = score_variants(self.subject, self._variants(list(places)), len(places), progress)
        where = np.array([[places[cell] for cell in row] for row in cells])
        return _taken(scores, where, self.subject.target)

    def _same(self, radius: int, order: int, share: int) -> tuple[int, int, int]:
        """The cell that stands for all that hold the same picture."""
        if radius == 0 or share == self.count - 1:
            return 0, 0, 0
        return (radius, 0, 0) if share == 0 else (radius, order, share)

    def _variants(self, cells: Sequence[tuple[int, int, int]]) -> Iterator[Tensor]:
        sharp = self.subject.pixels
        for start in range(0, len(cells), self.subject.batch):
            pictures = [
                compose_sharp(sharp, self.blurred[radius], self.steps[order], share)
                for radius, order, share in cells[start : start + self.subject.batch]
            ]
            yield self.subject.of(np.stack(pictures))
