"""The difference of two maps, on a common grid and by ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.metrics.map_similarity import normalised_ranks, spearman, top_iou
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import BoolArray, FloatArray, plain

Box = tuple[float, float, float, float]
SIDE = 64
# Each cell of the common grid is the mean of this many samples a side, so that a map finer than the
# grid does not alias.
_SAMPLES = 4


@dataclass(frozen=True, eq=False, repr=False)
class MapDifference:
    """How two maps differ.

    Attributes
    ----------
    values : float32 [rows, columns] in -1..1
        Ranks of the first map minus those of the second (`normalised_ranks`): above 0 where the
        first ranks a position higher.
    box : (float, float, float, float)
        Top, left, bottom, right of the part of the picture that both networks saw, as shares.
    spearman : float
        Rank correlation, -1..1.
    iou : float
        Intersection over union of the highest fifths, 0..1.
    """

    values: FloatArray
    box: Box
    spearman: float
    iou: float

    @property
    def overlap(self) -> float:
        """Share of the highest fifth that both have in common, 0..1; 0.2 for unrelated maps."""
        return 2 * self.iou / (1 + self.iou)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON has them."""
        names = ("spearman", "overlap", "iou", "box", "values")
        return {name: plain(getattr(self, name)) for name in names}

    def __repr__(self) -> str:
        """Say how alike the maps are, in a line."""
        return f"<MapDifference: rank correlation {self.spearman:+.2f}, overlap {self.overlap:.2f}>"


def difference(
    a: npt.ArrayLike, geometry_a: PictureGeometry, b: npt.ArrayLike, geometry_b: PictureGeometry
) -> MapDifference:
    """Compare two maps by the ranks of their positions; negative values count as 0.

    The maps may be of two pictures: positions then correspond by their share of width and height.

    Parameters
    ----------
    a, b : float [h, w]
        The maps, each on its own grid.
    seen_a, seen_b : PictureGeometry
        What part of the picture each network saw.

    Returns
    -------
    MapDifference

    Raises
    ------
    FocusError
        If the networks saw no common part, and as `spearman` does.
    """
    first, second, box = on_common_grid(a, geometry_a, b, geometry_b)
    values = normalised_ranks(first) - normalised_ranks(second)
    return MapDifference(values, box, spearman(first, second), top_iou(first, second))


def on_common_grid(
    a: npt.ArrayLike,
    geometry_a: PictureGeometry,
    b: npt.ArrayLike,
    geometry_b: PictureGeometry,
    side: int = SIDE,
) -> tuple[FloatArray, FloatArray, Box]:
    """Resample both maps over the part of the picture that both networks saw.

    Bicubic, as focus and viewer resample; each cell is the mean of 4 x 4 samples.

    Parameters
    ----------
    a, b : float [h, w]
    seen_a, seen_b : PictureGeometry
    side : int
        Cells along the longer side of `a`'s picture.

    Returns
    -------
    first, second : float32 [rows, columns]
    box : (float, float, float, float)
        Top, left, bottom, right of the common part, as shares.

    Raises
    ------
    FocusError
        If there is no common part.
    """
    grid = _grid(geometry_a, side)
    bounds = [_inside(geometry, grid) for geometry in (geometry_a, geometry_b)]
    rows, columns = (np.logical_and(*pair) for pair in zip(*bounds, strict=True))
    if not (rows.any() and columns.any()):
        raise FocusError(
            "The two networks saw no common part of the picture, so their maps cannot be compared. "
            "Choose another cell."
        )
    first, second = (
        _resampled(values, geometry, grid)[np.ix_(rows, columns)]
        for values, geometry in ((a, geometry_a), (b, geometry_b))
    )
    (top, bottom), (left, right) = (_span(axis) for axis in (rows, columns))
    return first, second, (top, left, bottom, right)


def _grid(geometry: PictureGeometry, side: int) -> tuple[int, int]:
    """Rows and columns of the grid over the whole picture."""
    height, width = geometry.picture_size
    scale = side / max(height, width)
    return max(2, round(height * scale)), max(2, round(width * scale))


def _inside(geometry: PictureGeometry, grid: tuple[int, int]) -> list[BoolArray]:
    """Which rows and which columns of the grid lie completely in what the network saw."""
    top, left, bottom, right = geometry.resized(grid).box
    inside = []
    for count, start, stop in ((grid[0], top, bottom), (grid[1], left, right)):
        edges = np.arange(count + 1)
        inside.append((edges[:-1] >= start - 1e-6) & (edges[1:] <= stop + 1e-6))
    return inside


def _resampled(
    values: npt.ArrayLike, geometry: PictureGeometry, grid: tuple[int, int]
) -> FloatArray:
    """Resample a map onto the grid."""
    rows, columns = grid
    positive = np.maximum(np.asarray(values, np.float32), 0)
    fine = geometry.resized((rows * _SAMPLES, columns * _SAMPLES)).spread(positive)
    blocks = fine.reshape(rows, _SAMPLES, columns, _SAMPLES)
    return np.asarray(blocks.mean((1, 3)), dtype=np.float32)


def _span(inside: BoolArray) -> tuple[float, float]:
    """First and last row or column inside, as shares."""
    indices = np.flatnonzero(inside)
    return float(indices[0]) / len(inside), float(indices[-1] + 1) / len(inside)
