"""A picture as a game of its regions: who is there is sharp, who is not is blurred away."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from skimage.segmentation import slic
from torch import Tensor

from attnviz.errors import EvidenceError
from attnviz.evidence.faithfulness.sufficiency import gaussian_blur
from attnviz.evidence.interaction.shapley import (
    EXACT_PLAYERS,
    Interactions,
    exact_interactions,
    sampled_interactions,
)
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import BoolArray, DoubleArray, IntArray, Pixels

BLUR = 0.07  # of the input's shorter side; hides what stands in a region


def grid_regions(size: tuple[int, int], rows: int, columns: int) -> IntArray:
    """int64 [H, W]: rectangles numbered row by row from 0, as equal as whole pixels allow.

    Raises EvidenceError where there are more rows or columns than pixels, or none.
    """
    height, width = size
    if not (1 <= rows <= height and 1 <= columns <= width):
        raise EvidenceError(
            f"{rows} x {columns} regions do not fit into {height} x {width} pixels. Ask for fewer."
        )
    down = np.arange(height) * rows // height
    across = np.arange(width) * columns // width
    return np.asarray(down[:, None] * columns + across, dtype=np.int64)


def superpixels(pixels: Pixels, count: int, compactness: float = 10.0) -> IntArray:
    """int64 [H, W]: about `count` connected regions of like colour, numbered from 0 without gaps.

    SLIC (Achanta et al., TPAMI 2012) in CIELAB, scikit-image's code. pixels: uint8 [H, W, 3].
    compactness: how much nearness counts beside colour; larger is squarer. A picture without any
    structure may come out as a single region.

    Raises EvidenceError for less than one region, or more than there are pixels.
    """
    if not 1 <= count <= pixels.shape[0] * pixels.shape[1]:
        raise EvidenceError(
            f"{count} regions cannot be cut from {pixels.shape[0]} x {pixels.shape[1]} pixels."
        )
    found = slic(pixels, n_segments=count, compactness=compactness, start_label=0)
    return np.asarray(np.unique(found, return_inverse=True)[1], np.int64).reshape(found.shape)


def superpixels_at_most(pixels: Pixels, count: int) -> IntArray:
    """Superpixels, no more than `count` and as near to it as SLIC comes, which gives fewer or more.

    Raises EvidenceError where less than two come out.
    """
    best = np.zeros(pixels.shape[:2], dtype=np.int64)
    for asked in range(count, 2 * count + 1):
        labels = superpixels(pixels, asked)
        if best.max() < labels.max() < count:
            best = labels
        if best.max() + 1 == count:
            break
    if not best.any():
        raise EvidenceError(
            "This picture has too little structure to be cut into regions by its colours. "
            "Cut it by a grid."
        )
    return best


def even_grid(size: tuple[int, int], count: int) -> IntArray:
    """A grid of no more than `count` regions, as many and as square as they can be."""
    height, width = size

    def waste(grid: tuple[int, int]) -> float:
        rows, columns = grid
        oblong = abs(math.log(width * rows / (height * columns)))
        return oblong + 2 * math.log(count / (rows * columns))

    grids = ((rows, columns) for rows in range(1, count + 1) for columns in (count // rows,))
    return grid_regions(size, *min(grids, key=waste))


@dataclass(frozen=True, eq=False)
class RegionGame:
    """The logit of a class, while only some regions of the picture are sharp.

    subject: picture, network and class. labels: int64 [h, w], a region's number at each pixel of
    the network's input, from 0 without gaps. sigma: of the blur, in input pixels; 7 % of the side
    hides what stands in a region (see `sufficiency`). progress: told how many of a
    question's coalitions are answered; what it raises stops the work.

    The logit and not the probability, which saturates and would show redundancy everywhere. The
    blur is taken of the whole picture, so colour from a region reaches some pixels beyond it.

    Raises EvidenceError where labels and inputs do not fit; when asked, MethodError for a class
    that is not there.
    """

    subject: Subject
    labels: IntArray
    sigma: float
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if self.labels.shape != self.subject.size:
            raise EvidenceError(
                f"The regions are marked on {self.labels.shape} pixels, but the network's input "
                f"has {self.subject.size}. Mark them on the input."
            )
        if not np.array_equal(np.unique(self.labels), np.arange(self.players)):
            raise EvidenceError("Regions must be numbered from 0 without gaps.")

    @property
    def players(self) -> int:
        """How many regions there are."""
        return int(self.labels.max()) + 1

    @cached_property
    def _blurred(self) -> Tensor:
        return gaussian_blur(self.subject.inputs, self.sigma)

    def __call__(self, coalitions: BoolArray) -> DoubleArray:
        """The class's logit, float64 [m], for each coalition, bool [m, regions]."""
        found = score_variants(
            self.subject, self._variants(coalitions), len(coalitions), self.progress
        )
        return found.logit.astype(np.float64)

    def _variants(self, coalitions: BoolArray) -> Iterator[Tensor]:
        inputs = self.subject.inputs
        place = torch.from_numpy(self.labels).to(inputs.device)
        for present in torch.split(torch.from_numpy(coalitions), self.subject.batch):
            sharp = present.to(inputs.device)[:, place][:, None]
            yield torch.where(sharp, inputs, self._blurred)


@dataclass(frozen=True, eq=False)
class RegionInteractions:
    """Regions of a picture, labels int64 [h, w] on the network's input, and their relations."""

    labels: IntArray
    relations: Interactions

    @property
    def exact(self) -> bool:
        """Whether all coalitions were asked."""
        return len(self.relations.shapley) <= EXACT_PLAYERS


def measure_interactions(
    subject: Subject, labels: IntArray, *, seed: int = 0, progress: Progress | None = None
) -> RegionInteractions:
    """What the regions bring to the class, alone and in pairs: exactly up to 8, else from a sample.

    labels: see `RegionGame`, two regions or more. progress: told how many coalitions of all are
    answered. `coalition_count` says how many those are.
    """
    players = int(labels.max()) + 1
    whole, before = coalition_count(players), 0

    def told(done: int, total: int | None) -> None:
        nonlocal before
        if progress is not None:
            progress(before + done, whole)
        before += done if done == total else 0

    game = RegionGame(subject, labels, BLUR * min(subject.size), told)
    if players <= EXACT_PLAYERS:
        return RegionInteractions(labels, exact_interactions(game, players))
    found = sampled_interactions(game, players, orders=_orders(players), seed=seed)
    return RegionInteractions(labels, found)


def coalition_count(players: int) -> int:
    """How many coalitions `measure_interactions` asks about."""
    if players <= EXACT_PLAYERS:
        return int(2**players)
    return 2 + _orders(players) * (2 * players - 2)


def _orders(players: int) -> int:
    # Each two players are neighbours in 2 of n orders: six samples, each of an order and its
    # reverse, for every pair.
    return 6 * players
