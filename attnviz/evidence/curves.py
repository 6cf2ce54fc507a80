"""Presence and absence: the class's score while a map's places are taken away, or put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from attnviz.evidence.fills import Fill, Filling
from attnviz.evidence.ranks import ranks_of
from attnviz.evidence.scoring import scored
from attnviz.evidence.subject import Subject
from attnviz.methods.base import Progress

FloatArray = npt.NDArray[np.float32]

STEPS = 20
ROAD_SHARES = tuple(round(0.1 * step, 1) for step in range(1, 10))


@dataclass(frozen=True, eq=False)
class Curve:
    """What the network says while more and more of the picture is taken away, or put back.

    shares: float32 [m], rising, the part of the area that was changed. probability, margin: float32
    [m], as in `Scores`.
    """

    shares: FloatArray
    probability: FloatArray
    margin: FloatArray

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
class Removal:
    """Both curves of one order of places: deletion and insertion (Petsiuk et al., RISE, 2018).

    away: the highest places are taken away first; low is good. back: of an empty picture the
    highest places are put back first; high is good.
    """

    away: Curve
    back: Curve

    @property
    def gain(self) -> float:
        """Insertion less deletion, in -1..1: 0 for an order that knows nothing."""
        return self.back.area - self.away.area

    @property
    def road(self) -> float:
        """(LeRF - MoRF) / 2 over the shares 10, 20 .. 90 % (Rong et al. 2022).

        What is left when the lowest places are taken away first is what the other curve puts back.
        """
        kept = np.mean([self.back.at(1 - share) for share in ROAD_SHARES])
        lost = np.mean([self.away.at(share) for share in ROAD_SHARES])
        return float(kept - lost) / 2


def removal(
    subject: Subject,
    values: npt.ArrayLike,
    fill: Fill,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> Removal:
    """Take a map's places away, and put them back.

    Args:
        subject: the network, the picture and the class.
        values: a map over the whole input, any grid.
        fill: what stands where nothing is left.
        steps: the area is changed in so many equal steps.
        progress: told how many of the `2 * steps + 2` pictures are through.

    Raises:
        EvidenceError: the map is flat, or the answers are not finite.
        MethodError: the network has no such class.
    """
    return removals(subject, [subject.order(values)], fill, steps=steps, progress=progress)[0]


def removals(
    subject: Subject,
    maps: Sequence[FloatArray],
    fill: Fill,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> tuple[Removal, ...]:
    """`removal` for several maps at the input's size, float32 [h, w], in shared batches."""
    size = subject.size[0] * subject.size[1]
    counts = np.rint(np.linspace(0, size, steps + 1)).astype(np.int64)
    variants = _variants(maps, counts, fill.of(subject), subject.batch)
    found = scored(subject, variants, 2 * len(maps) * len(counts), progress)
    shares = (counts / size).astype(np.float32)
    shape = (len(maps), 2, len(counts))
    probability, margin = found.probability.reshape(shape), found.margin.reshape(shape)
    return tuple(
        Removal(*(Curve(shares, probability[n, way], margin[n, way]) for way in (0, 1)))
        for n in range(len(maps))
    )


def _variants(
    maps: Sequence[FloatArray], counts: npt.NDArray[np.int64], filling: Filling, batch: int
) -> Iterator[Tensor]:
    """For each map: taken away, then put back, in batches that reach over their borders."""
    ranks = torch.from_numpy(np.stack([ranks_of(values) for values in maps]).astype(np.int32))
    jobs = [(n, back, int(count)) for n in range(len(maps)) for back in (0, 1) for count in counts]
    for start in range(0, len(jobs), batch):
        which, back, count = zip(*jobs[start : start + batch], strict=True)
        low = ranks[list(which)] < torch.tensor(count)[:, None, None]
        yield filling(low ^ torch.tensor(back, dtype=torch.bool)[:, None, None])


def variant(
    subject: Subject, values: npt.ArrayLike, fill: Fill, share: float, *, back: bool
) -> Tensor:
    """The one picture [1, 3, h, w], normalised, that is asked about at a share of the area."""
    ranks = ranks_of(subject.order(values))
    low = torch.from_numpy(ranks < round(share * ranks.size))[None]
    return fill.of(subject)(~low if back else low)
