"""Insertion and deletion: the class's score while a map's highest positions appear or vanish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from attnviz.evidence.faithfulness.ranks import descending_ranks
from attnviz.evidence.fills.base import Fill, FillFunction
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import AnyArray, FloatArray, IntArray, plain

STEPS = 20
ROAD_SHARES = tuple(round(0.1 * step, 1) for step in range(1, 10))


@dataclass(frozen=True, eq=False)
class ScoreCurve:
    """The network's output while more and more of the picture is removed, or inserted.

    Attributes
    ----------
    shares : float32 [m]
        Share of the area that has changed, rising from 0 to 1.
    probability, margin : float32 [m]
        As in `VariantScores`.
    first : int64 [m]
        The most probable class.
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
        """Area under the margin over the shares, in logits."""
        return float(np.trapezoid(self.margin, self.shares))

    def at(self, share: float) -> float:
        """Probability at a share, linearly interpolated."""
        return float(np.interp(share, self.shares, self.probability))


@dataclass(frozen=True, eq=False, repr=False)
class InsertionDeletion:
    """Deletion and insertion curve of one map (Petsiuk et al., *RISE*, BMVC 2018).

    Attributes
    ----------
    deletion : ScoreCurve
        The highest positions are removed first; a low area is good.
    insertion : ScoreCurve
        The highest positions are inserted first into an empty picture; a high area is good.
    """

    deletion: ScoreCurve
    insertion: ScoreCurve

    @property
    def gain(self) -> float:
        """Insertion minus deletion area, in -1..1; about 0 for a map that knows nothing."""
        return self.insertion.area - self.deletion.area

    @property
    def margin_gain(self) -> float:
        """Insertion minus deletion area of the margin, in logits."""
        return self.insertion.margin_area - self.deletion.margin_area

    @property
    def morf(self) -> float:
        """Mean probability with the most relevant 10, 20 .. 90 % removed; low is good."""
        return float(np.mean([self.deletion.at(share) for share in ROAD_SHARES]))

    @property
    def lerf(self) -> float:
        """Mean probability with the least relevant 10, 20 .. 90 % removed; high is good.

        What remains then is what the insertion curve has inserted.
        """
        return float(np.mean([self.insertion.at(1 - share) for share in ROAD_SHARES]))

    @property
    def road(self) -> float:
        """(LeRF - MoRF) / 2, the score of ROAD (Rong et al., ICML 2022)."""
        return (self.lerf - self.morf) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON has them."""
        return {
            "gain": self.gain,
            **{
                name: {
                    "area": curve.area,
                    "shares": plain(curve.shares),
                    "probability": plain(curve.probability),
                    "margin": plain(curve.margin),
                }
                for name, curve in (("insertion", self.insertion), ("deletion", self.deletion))
            },
        }

    def __repr__(self) -> str:
        """Say both areas, in a line."""
        areas = f"insertion {self.insertion.area:.3f}, deletion {self.deletion.area:.3f}"
        return f"<InsertionDeletion {self.gain:+.3f}: {areas}>"


def insertion_deletion(
    subject: Subject,
    values: npt.ArrayLike,
    fill: Fill,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> InsertionDeletion:
    """Compute the insertion and deletion curves of a map.

    Parameters
    ----------
    subject : Subject
    values : float [rows, columns]
        A map over the whole input, on any grid.
    fill : Fill
        Replaces what is removed.
    steps : int
        Number of equal steps of area, 1 or more.
    progress : Progress, optional
        Called with the number of the `variant_count(1, steps)` pictures scored.

    Returns
    -------
    InsertionDeletion

    Raises
    ------
    EvidenceError
        If the map is flat, or a score is not finite.
    UnknownClassError
        If the network has no such class.
    """
    return insertion_deletion_curves(
        subject, [subject.resized_map(values)], fill, steps=steps, progress=progress
    )[0]


def insertion_deletion_curves(
    subject: Subject,
    maps: Sequence[FloatArray],
    fill: Fill,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> tuple[InsertionDeletion, ...]:
    """Compute `insertion_deletion` for several maps [h, w] of the input's size, in shared batches.

    The original and the empty picture are the ends of every curve and are scored once.
    """
    size = subject.size[0] * subject.size[1]
    counts = np.rint(np.linspace(0, size, steps + 1)).astype(np.int64)
    batches = _variant_batches(maps, counts, fill.for_subject(subject), subject.batch_size)
    scores = score_variants(subject, batches, variant_count(len(maps), steps), progress)
    shares = (counts / size).astype(np.float32)
    columns = [
        _with_ends(values, len(maps))
        for values in (scores.probability, scores.margin, scores.first)
    ]
    return tuple(
        InsertionDeletion(
            *(ScoreCurve(shares, *(column[n, curve] for column in columns)) for curve in (0, 1))
        )
        for n in range(len(maps))
    )


def variant_count(maps: int, steps: int = STEPS) -> int:
    """Number of pictures that `insertion_deletion_curves` scores for so many maps."""
    return 2 + 2 * maps * (steps - 1)


def _with_ends(scores: AnyArray, maps: int) -> AnyArray:
    """Curves [maps, 2, steps + 1] from scores of the original, the empty and all other pictures."""
    between = scores[2:].reshape(maps, 2, -1)
    original, empty = (np.full((maps, 1, 1), end, scores.dtype) for end in scores[:2])
    deletion = np.concatenate([original, between[:, :1], empty], axis=2)
    insertion = np.concatenate([empty, between[:, 1:], original], axis=2)
    return np.concatenate([deletion, insertion], axis=1)


def _variant_batches(
    maps: Sequence[FloatArray], counts: IntArray, filling: FillFunction, batch: int
) -> Iterator[Tensor]:
    """The original and the empty picture; then, for each map, deletion and insertion variants.

    Batches run across the borders between them.
    """
    ranks = [torch.from_numpy(descending_ranks(values).astype(np.int32)) for values in maps]
    ends = [(0, 0, int(counts[0])), (0, 0, int(counts[-1]))]
    between = [
        (n, insert, int(count))
        for n in range(len(maps))
        for insert in (0, 1)
        for count in counts[1:-1]
    ]
    variants = ends + between
    for start in range(0, len(variants), batch):
        chunk = variants[start : start + batch]
        removed = torch.empty((len(chunk), *ranks[0].shape), dtype=torch.bool)
        for (n, insert, count), mask in zip(chunk, removed, strict=True):
            (torch.ge if insert else torch.lt)(ranks[n], count, out=mask)
        yield filling(removed)


def variants_at_shares(
    subject: Subject, values: npt.ArrayLike, fill: Fill, shares: Sequence[float], *, insert: bool
) -> Tensor:
    """Generate the exact inputs that are scored at n shares of the area.

    Parameters
    ----------
    subject : Subject
    values : float [rows, columns]
    fill : Fill
    shares : sequence of float, length n
    insert : bool
        Insert the highest positions instead of deleting them.

    Returns
    -------
    Tensor [n, 3, h, w]
        Preprocessed.
    """
    ranks = descending_ranks(subject.resized_map(values))
    counts = torch.tensor([round(share * ranks.size) for share in shares])
    top = torch.from_numpy(ranks)[None] < counts[:, None, None]
    return fill.for_subject(subject)(~top if insert else top)
