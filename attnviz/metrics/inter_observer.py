"""What people who looked tell about each other, and about where anyone looks in any picture.

The lines between which every map's score must be read: the middle of other pictures (what a map
gets that has not seen this one), and other people (what no map can be expected to exceed by much).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from attnviz.errors import VisionError
from attnviz.metrics.densities import as_density, density
from attnviz.metrics.fixations import FixatedPicture
from attnviz.types import DoubleArray, FloatArray, IntArray

GRID = (96, 128)  # of the centre prior: people's centres are wide
SMOOTHING = 5.0  # its cells: about one degree and a half of a picture 34 degrees wide


class CentreBias:
    """Where people looked in all pictures of a set but one.

    photos: two or more; every picture counts alike, however many looked at it. VisionError else.
    """

    def __init__(self, photos: Sequence[FixatedPicture]) -> None:
        if len(photos) < 2:
            raise VisionError(
                "Where people look in other pictures takes at least two pictures with fixations."
            )
        self._places = [photo.cells(GRID) for photo in photos]
        self._shares = np.stack([_shares(*places) for places in self._places])
        self._total = self._shares.sum(0)

    def prior(self, index: int, size: tuple[int, int]) -> DoubleArray:
        """Density of the other pictures' fixations, float64 (height, width), sums to 1.

        index: of the picture to leave out.
        """
        others = np.maximum(self._total - self._shares[index], 0)
        smooth = cv2.GaussianBlur(others, (0, 0), SMOOTHING, borderType=cv2.BORDER_REFLECT)
        large = cv2.resize(smooth, size[::-1], interpolation=cv2.INTER_LINEAR)
        return as_density(large)

    def fixations(self, index: int, size: tuple[int, int]) -> tuple[IntArray, IntArray]:
        """Rows and columns of the other pictures' fixations, each at a grid of (height, width)."""
        others = [places for n, places in enumerate(self._places) if n != index]
        rows, columns = (np.concatenate([one[axis] for one in others]) for axis in (0, 1))
        down, across = (cells / side for cells, side in zip(size, GRID, strict=True))
        return ((rows + 0.5) * down).astype(np.int64), ((columns + 0.5) * across).astype(np.int64)


def _shares(rows: IntArray, columns: IntArray) -> DoubleArray:
    counts = np.zeros(GRID, np.float64)
    np.add.at(counts, (rows, columns), 1 / len(rows))
    return counts


def leave_one_observer_out(
    photo: FixatedPicture, size: tuple[int, int], sigma: float
) -> Iterator[tuple[FloatArray, tuple[IntArray, IntArray]]]:
    """For each viewer: the density of all others as a map, and the viewer's rows and columns.

    Its scores, averaged, tell how well people predict each other (leave one out).

    Args:
        photo: with two viewers or more.
        size: (height, width) of the grid on which it is scored.
        sigma: of the others' density, in cells of the grid.

    Yields maps float32 [h, w] whose mean is 1. Raises VisionError for a single viewer.
    """
    if len(photo.viewers) < 2:
        raise VisionError(
            f"{photo.name} was looked at by one person, so nobody else can predict where."
        )
    for number, viewer in enumerate(photo.viewers):
        others = (one for n, one in enumerate(photo.viewers) if n != number)
        expected = density(*photo.cells(size, *others), size, sigma)
        # Relative to an even density: values near 1 keep their precision in 32 bits.
        values = np.asarray(expected * expected.size, dtype=np.float32)
        yield values, photo.cells(size, viewer)
