"""A picture as a cooperative game of its regions: absent regions are blurred."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from skimage.segmentation import slic
from torch import Tensor

from attnviz.errors import EvidenceError, UnknownNameError
from attnviz.evidence.faithfulness.sufficiency import gaussian_blur
from attnviz.evidence.interaction.shapley import (
    EXACT_PLAYERS,
    Interactions,
    exact_interactions,
    sampled_interactions,
)
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress, report_progress
from attnviz.types import BoolArray, DoubleArray, IntArray, Pixels, plain

CUTS = ("superpixels", "grid")
BLUR = 0.07  # of the input's shorter side; hides the content of a region


def grid_regions(size: tuple[int, int], rows: int, columns: int) -> IntArray:
    """Divide a picture of (height, width) into rectangles, as equal as whole pixels allow.

    Parameters
    ----------
    size : (int, int)
    rows, columns : int

    Returns
    -------
    int64 [H, W]
        Rectangles numbered row by row from 0.

    Raises
    ------
    EvidenceError
        If there are more rows or columns than pixels, or none.
    """
    height, width = size
    if not (1 <= rows <= height and 1 <= columns <= width):
        raise EvidenceError(
            f"{rows} x {columns} regions do not fit into {height} x {width} pixels. Choose fewer."
        )
    down = np.arange(height) * rows // height
    across = np.arange(width) * columns // width
    return np.asarray(down[:, None] * columns + across, dtype=np.int64)


def superpixels(pixels: Pixels, count: int, compactness: float = 10.0) -> IntArray:
    """Segment a picture into about `count` connected regions of similar colour by SLIC.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
    count : int
    compactness : float
        Weight of distance against colour; larger values give squarer regions.

    Returns
    -------
    int64 [H, W]
        Numbered from 0 without gaps. A picture without structure may give a single region.

    Raises
    ------
    EvidenceError
        If `count` is below 1 or above the number of pixels.

    References
    ----------
    Achanta et al., "SLIC superpixels", TPAMI 2012; in CIELAB, scikit-image's implementation.
    """
    if not 1 <= count <= pixels.shape[0] * pixels.shape[1]:
        raise EvidenceError(
            f"{count} regions cannot be cut from {pixels.shape[0]} x {pixels.shape[1]} pixels."
        )
    segments = slic(pixels, n_segments=count, compactness=compactness, start_label=0)
    return np.asarray(np.unique(segments, return_inverse=True)[1], np.int64).reshape(segments.shape)


def superpixels_at_most(pixels: Pixels, count: int) -> IntArray:
    """Segment into at most `count` superpixels, as near to it as SLIC comes, which may give more.

    Raises
    ------
    EvidenceError
        If there are fewer than two.
    """
    best = np.zeros(pixels.shape[:2], dtype=np.int64)
    for requested in range(count, 2 * count + 1):
        labels = superpixels(pixels, requested)
        if best.max() < labels.max() < count:
            best = labels
        if best.max() + 1 == count:
            break
    if not best.any():
        raise EvidenceError(
            "This picture has too little structure to be divided into regions by colour. "
            "Divide it by a grid."
        )
    return best


def even_grid(size: tuple[int, int], count: int) -> IntArray:
    """A grid of at most `count` regions, as many and as square as possible."""
    height, width = size

    def cost(grid: tuple[int, int]) -> float:
        rows, columns = grid
        elongation = abs(math.log(width * rows / (height * columns)))
        return elongation + 2 * math.log(count / (rows * columns))

    grids = ((rows, columns) for rows in range(1, count + 1) for columns in (count // rows,))
    return grid_regions(size, *min(grids, key=cost))


def cut_regions(subject: Subject, count: int, cut: str = "superpixels") -> IntArray:
    """Divide the subject's picture into regions.

    Parameters
    ----------
    subject : Subject
    count : int
        How many at most.
    cut : str
        "superpixels", by colour, or "grid".

    Returns
    -------
    int64 [h, w]
        Numbered from 0.

    Raises
    ------
    EvidenceError
        If the picture has too little structure, or too few pixels.
    UnknownNameError
        If it cannot be cut so.
    """
    if cut not in CUTS:
        raise UnknownNameError("cut", cut, CUTS)
    if cut == "grid":
        return even_grid(subject.size, count)
    return superpixels_at_most(subject.pixels, count)


@dataclass(frozen=True, eq=False)
class RegionGame:
    """Value of a coalition of regions: the class's logit while only these regions are sharp.

    Attributes
    ----------
    subject : Subject
    labels : int64 [h, w]
        Region of each input pixel, numbered from 0 without gaps.
    sigma : float
        Standard deviation of the blur in input pixels; 7 % of the side hides the content of a
        region (see `sufficiency`).
    progress : Progress, optional
        Called with the number of coalitions of a call that are scored; what it raises stops the
        work.

    Raises
    ------
    EvidenceError
        If labels and input do not fit.
    UnknownClassError
        On a call, if the network has no such class.

    Notes
    -----
    The logit instead of the probability, which saturates and would show redundancy everywhere. The
    whole picture is blurred, so colour from a region reaches some pixels beyond it.
    """

    subject: Subject
    labels: IntArray
    sigma: float
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if self.labels.shape != self.subject.size:
            raise EvidenceError(
                f"The regions are defined on {self.labels.shape} pixels, but the network's input "
                f"has {self.subject.size}. Define them on the input."
            )
        if not np.array_equal(np.unique(self.labels), np.arange(self.players)):
            raise EvidenceError("Regions must be numbered from 0 without gaps.")

    @property
    def players(self) -> int:
        """Number of regions."""
        return int(self.labels.max()) + 1

    @cached_property
    def _blurred(self) -> Tensor:
        return gaussian_blur(self.subject.inputs, self.sigma)

    def __call__(self, coalitions: BoolArray) -> DoubleArray:
        """The class's logit, float64 [m], for each coalition, bool [m, regions]."""
        scores = score_variants(
            self.subject, self._variants(coalitions), len(coalitions), self.progress
        )
        return scores.logit.astype(np.float64)

    def _variants(self, coalitions: BoolArray) -> Iterator[Tensor]:
        inputs = self.subject.inputs
        regions = torch.from_numpy(self.labels).to(inputs.device)
        for present in torch.split(torch.from_numpy(coalitions), self.subject.batch_size):
            sharp = present.to(inputs.device)[:, regions][:, None]
            yield torch.where(sharp, inputs, self._blurred)


@dataclass(frozen=True, eq=False, repr=False)
class RegionInteractions:
    """Regions of a picture, labels int64 [h, w] on the network's input, and their interactions."""

    labels: IntArray
    interactions: Interactions

    @property
    def exact(self) -> bool:
        """Whether all coalitions were scored."""
        return len(self.interactions.shapley) <= EXACT_PLAYERS

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON has them; None where a pair was not sampled."""
        return {"labels": plain(self.labels), "exact": self.exact, **plain(vars(self.interactions))}

    def __repr__(self) -> str:
        """Say which region counts most, in a line."""
        values = self.interactions.shapley
        how = "exact" if self.exact else "sampled"
        best = int(values.argmax())
        return (
            f"<RegionInteractions of {len(values)} regions, {how}: region {best} adds most, "
            f"{values[best]:+.2f} logits>"
        )


def measure_interactions(
    subject: Subject, labels: IntArray, *, seed: int = 0, progress: Progress | None = None
) -> RegionInteractions:
    """Compute Shapley values and interactions of regions, by sampling if there are more than 8.

    Parameters
    ----------
    subject : Subject
    labels : int64 [h, w]
        See `RegionGame`; two regions or more.
    seed : int
        Seed of the sample.
    progress : Progress, optional
        Called with the number of all `coalition_count` coalitions scored.

    Returns
    -------
    RegionInteractions
    """
    players = int(labels.max()) + 1
    total_count, before = coalition_count(players), 0

    def report(done: int, total: int | None) -> None:
        nonlocal before
        report_progress(progress, before + done, total_count)
        before += done if done == total else 0

    game = RegionGame(subject, labels, BLUR * min(subject.size), report)
    if players <= EXACT_PLAYERS:
        return RegionInteractions(labels, exact_interactions(game, players))
    interactions = sampled_interactions(game, players, orders=_orders(players), seed=seed)
    return RegionInteractions(labels, interactions)


def coalition_count(players: int) -> int:
    """Number of coalitions that `measure_interactions` scores."""
    if players <= EXACT_PLAYERS:
        return int(2**players)
    return 2 + _orders(players) * (2 * players - 2)


def _orders(players: int) -> int:
    # Any two players are neighbours in 2 of n orders: six samples, each of an order and its
    # reverse, for every pair.
    """Number of sampled orders."""
    return 6 * players
