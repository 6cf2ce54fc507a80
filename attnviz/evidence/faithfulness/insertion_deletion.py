"""Presence and absence: the class's score while a map's places are taken away, or put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from attnviz.evidence.faithfulness.ranks import descending_ranks
from attnviz.evidence.fills.base import Fill, FillFunction
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import AnyArray, FloatArray, IntArray

STEPS = 20
ROAD_SHARES = tuple(round(0.1 * step, 1) for step in range(1, 10))


@dataclass(frozen=True, eq=False)
class ScoreCurve:
    """What the network says while more and more of the picture is taken away, or put back.

    shares: float32 [m], rising, the part of the area that was changed. probability, margin: float32
    [m], and first: int64 [m], as in `Scores`.
    """

    shares: FloatArray
    probability: FloatArray
    margin: FloatArray
    first: IntArray

    @property
    def area(self) -> float:
        """Area under the probability over the shares, by trapezoids: RISE's AUC, 0..1."""
        return float(np.trapezoid(self.probability, self.shares))

    @property
    def margin_area(self) -> float:
        """The same of the margin, in logits."""
        return float(np.trapezoid(self.margin, self.shares))

    def at(self, share: float) -> float:
        """The probability at a share, between two steps by a straight line."""
        return float(np.interp(share, self.shares, self.probability))


@dataclass(frozen=True, eq=False)
class InsertionDeletion:
    """Both curves of one order of places: deletion and insertion (Petsiuk et al., RISE, 2018).

    away: the highest places are taken away first; low is good. back: of an empty picture the
    highest places are put back first; high is good.
    """

    away: ScoreCurve
    back: ScoreCurve

    @property
    def gain(self) -> float:
        """Insertion less deletion, in -1..1: 0 for an order that knows nothing."""
        return self.back.area - self.away.area

    @property
    def margin_gain(self) -> float:
        """The same of the margin, in logits."""
        return self.back.margin_area - self.away.margin_area

    @property
    def morf(self) -> float:
        """Mean probability with the most relevant 10, 20 .. 90 % taken away; low is good."""
        return float(np.mean([self.away.at(share) for share in ROAD_SHARES]))

    @property
    def lerf(self) -> float:
        """The same with the least relevant taken away; high is good.

        What is left then is what the other curve puts back.
        """
        return float(np.mean([self.back.at(1 - share) for share in ROAD_SHARES]))

    @property
    def road(self) -> float:
        """(LeRF - MoRF) / 2, of which ROAD speaks (Rong et al. 2022)."""
        return (self.lerf - self.morf) / 2


def insertion_deletion(
    subject: Subject,
    values: npt.ArrayLike,
    fill: Fill,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> InsertionDeletion:
    """Take a map's places away, and put them back.

    Args:
        subject: the network, the picture and the class.
        values: a map over the whole input, any grid.
        fill: what stands where nothing is left.
        steps: the area is changed in so many equal steps, one or more.
        progress: told how many of the `asked_of(1, steps)` pictures are through.

    Raises:
        EvidenceError: the map is flat, or the answers are not finite.
        MethodError: the network has no such class.
    """
    return insertion_deletion_curves(
        subject, [subject.order(values)], fill, steps=steps, progress=progress
    )[0]


def insertion_deletion_curves(
    subject: Subject,
    maps: Sequence[FloatArray],
    fill: Fill,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> tuple[InsertionDeletion, ...]:
    """`insertion_deletion` for several maps at the input's size, float32 [h, w], in shared batches.

    The whole picture and the empty one are the ends of every curve, and are asked about once.
    """
    size = subject.size[0] * subject.size[1]
    counts = np.rint(np.linspace(0, size, steps + 1)).astype(np.int64)
    variants = _variants(maps, counts, fill.of(subject), subject.batch)
    found = score_variants(subject, variants, variant_count(len(maps), steps), progress)
    shares = (counts / size).astype(np.float32)
    columns = [_with_ends(one, len(maps)) for one in (found.probability, found.margin, found.first)]
    return tuple(
        InsertionDeletion(
            *(ScoreCurve(shares, *(one[n, way] for one in columns)) for way in (0, 1))
        )
        for n in range(len(maps))
    )


def variant_count(maps: int, steps: int = STEPS) -> int:
    """How many pictures `insertion_deletion_curves` asks about."""
    return 2 + 2 * maps * (steps - 1)


def _with_ends(found: AnyArray, maps: int) -> AnyArray:
    """[maps, 2, steps + 1] of what was said of the whole picture, the empty one, and all others."""
    between = found[2:].reshape(maps, 2, -1)
    whole, empty = (np.full((maps, 1, 1), one, found.dtype) for one in found[:2])
    away = np.concatenate([whole, between[:, :1], empty], axis=2)
    back = np.concatenate([empty, between[:, 1:], whole], axis=2)
    return np.concatenate([away, back], axis=1)


def _variants(
    maps: Sequence[FloatArray], counts: IntArray, filling: FillFunction, batch: int
) -> Iterator[Tensor]:
    """The whole picture and the empty one; then for each map: taken away, and put back.

    Batches reach over the borders between them.
    """
    ranks = [torch.from_numpy(descending_ranks(values).astype(np.int32)) for values in maps]
    ends = [(0, 0, int(counts[0])), (0, 0, int(counts[-1]))]
    between = [
        (n, back, int(count)) for n in range(len(maps)) for back in (0, 1) for count in counts[1:-1]
    ]
    jobs = ends + between
    for start in range(0, len(jobs), batch):
        chosen = jobs[start : start + batch]
        removed = torch.empty((len(chosen), *ranks[0].shape), dtype=torch.bool)
        for (n, back, count), places in zip(chosen, removed, strict=True):
            (torch.ge if back else torch.lt)(ranks[n], count, out=places)
        yield filling(removed)


def variants_at_shares(
    subject: Subject, values: npt.ArrayLike, fill: Fill, shares: Sequence[float], *, back: bool
) -> Tensor:
    """The very pictures [n, 3, h, w], normalised, that are asked about at n shares of the area."""
    ranks = descending_ranks(subject.order(values))
    counts = torch.tensor([round(share * ranks.size) for share in shares])
    low = torch.from_numpy(ranks)[None] < counts[:, None, None]
    return fill.of(subject)(~low if back else low)
