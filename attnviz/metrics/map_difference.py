"""Where two maps differ: brought to a common grid, and to a form that can be subtracted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.metrics.map_similarity import normalised_ranks, spearman, top_iou
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import BoolArray, FloatArray

Box = tuple[float, float, float, float]
SIDE = 64
# Each place of the common grid is the mean of this many samples a side, so that a map that is finer
# than the grid does not fold back as a pattern.
_SAMPLES = 4


@dataclass(frozen=True, eq=False)
class MapDifference:
    """How two maps differ.

    values: float32 [rows, columns] in -1..1, the first map's order of places minus the second's
    (`normalised_ranks`): above 0 where the first ranks a place higher. box: top, left, bottom,
    right of the part of the picture that both saw, as shares. spearman: -1..1. iou: of the highest
    fifth of places, 0..1.
    """

    values: FloatArray
    box: Box
    spearman: float
    iou: float


def difference(
    a: npt.ArrayLike, seen_a: PictureGeometry, b: npt.ArrayLike, seen_b: PictureGeometry
) -> MapDifference:
    """Where map `a` [h, w] and map `b` [h', w'] differ; negative values count as 0, as in focus.

    The maps may be of two pictures: places are then those at the same shares of width and height.

    Raises FocusError if the two networks saw no common part, and as `spearman` does.
    """
    one, other, box = on_common_grid(a, seen_a, b, seen_b)
    values = normalised_ranks(one) - normalised_ranks(other)
    return MapDifference(values, box, spearman(one, other), top_iou(one, other))


def on_common_grid(
    a: npt.ArrayLike,
    seen_a: PictureGeometry,
    b: npt.ArrayLike,
    seen_b: PictureGeometry,
    side: int = SIDE,
) -> tuple[FloatArray, FloatArray, Box]:
    """Both maps over the part of the picture that both networks saw.

    side: cells on the longer side of the whole of `a`'s picture. Bicubic, as focus and viewer
    resample; each cell is the mean of 4 x 4 samples.
    """
    grid = _grid(seen_a, side)
    bounds = [_seen(one, grid) for one in (seen_a, seen_b)]
    rows, columns = (np.logical_and(*pair) for pair in zip(*bounds, strict=True))
    if not (rows.any() and columns.any()):
        raise FocusError(
            "The two networks saw no common part of the picture, so their maps have no place that "
            "could be compared. Choose another cell."
        )
    one, other = (
        _sampled(values, seen, grid)[np.ix_(rows, columns)]
        for values, seen in ((a, seen_a), (b, seen_b))
    )
    (top, bottom), (left, right) = (_span(seen) for seen in (rows, columns))
    return one, other, (top, left, bottom, right)


def _grid(seen: PictureGeometry, side: int) -> tuple[int, int]:
    height, width = seen.picture_size
    scale = side / max(height, width)
    return max(2, round(height * scale)), max(2, round(width * scale))


def _seen(seen: PictureGeometry, grid: tuple[int, int]) -> list[BoolArray]:
    """Which rows and which columns of the grid lie wholly in what the network saw."""
    top, left, bottom, right = seen.resized(grid).box
    inside = []
    for count, start, stop in ((grid[0], top, bottom), (grid[1], left, right)):
        edges = np.arange(count + 1)
        inside.append((edges[:-1] >= start - 1e-6) & (edges[1:] <= stop + 1e-6))
    return inside


def _sampled(values: npt.ArrayLike, seen: PictureGeometry, grid: tuple[int, int]) -> FloatArray:
    rows, columns = grid
    positive = np.maximum(np.asarray(values, np.float32), 0)
    fine = seen.resized((rows * _SAMPLES, columns * _SAMPLES)).spread(positive)
    blocks = fine.reshape(rows, _SAMPLES, columns, _SAMPLES)
    return np.asarray(blocks.mean((1, 3)), dtype=np.float32)


def _span(inside: BoolArray) -> tuple[float, float]:
    places = np.flatnonzero(inside)
    return float(places[0]) / len(inside), float(places[-1] + 1) / len(inside)
