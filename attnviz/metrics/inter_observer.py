"""Leave-one-out predictions from other observers, and the centre bias of other pictures.

They bound the scores of every map: the centre bias of other pictures (what a map scores without
seeing this picture), and other observers (which no map can be expected to exceed by much).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from attnviz.errors import VisionError
from attnviz.metrics.densities import as_density, density
from attnviz.metrics.fixations import FixatedPicture
from attnviz.types import DoubleArray, FloatArray, IntArray

GRID = (96, 128)  # of the centre prior, which is smooth
SMOOTHING = 5.0  # in its cells: about 1.5 degrees in a picture 34 degrees wide


class CentreBias:
    """Where observers look in all pictures of a set but one.

    Every picture counts alike, however many observers looked at it.

    Parameters
    ----------
    photos : sequence of FixatedPicture
        Two or more.

    Raises
    ------
    VisionError
        For fewer than two pictures.
    """

    def __init__(self, pictures: Sequence[FixatedPicture]) -> None:
        if len(pictures) < 2:
            raise VisionError("The centre bias needs at least two pictures with fixations.")
        self._fixations = [picture.cells(GRID) for picture in pictures]
        self._shares = np.stack([_shares(*cells) for cells in self._fixations])
        self._total = self._shares.sum(0)

    def prior(self, index: int, size: tuple[int, int]) -> DoubleArray:
        """Density of the other pictures' fixations, which sums to 1.

        Parameters
        ----------
        index : int
            Picture to leave out.
        size : (int, int)
            Height and width of the grid.

        Returns
        -------
        float64 [height, width]
        """
        others = np.maximum(self._total - self._shares[index], 0)
        smooth = cv2.GaussianBlur(others, (0, 0), SMOOTHING, borderType=cv2.BORDER_REFLECT)
        large = cv2.resize(smooth, size[::-1], interpolation=cv2.INTER_LINEAR)
        return as_density(large)

    def fixations(self, index: int, size: tuple[int, int]) -> tuple[IntArray, IntArray]:
        """Rows and columns of the other pictures' fixations on a grid of (height, width)."""
        others = [cells for n, cells in enumerate(self._fixations) if n != index]
        rows, columns = (np.concatenate([cells[axis] for cells in others]) for axis in (0, 1))
        down, across = (length / side for length, side in zip(size, GRID, strict=True))
        return ((rows + 0.5) * down).astype(np.int64), ((columns + 0.5) * across).astype(np.int64)


def _shares(rows: IntArray, columns: IntArray) -> DoubleArray:
    """Share of a picture's fixations in each cell of `GRID`."""
    counts = np.zeros(GRID, np.float64)
    np.add.at(counts, (rows, columns), 1 / len(rows))
    return counts


def leave_one_observer_out(
    picture: FixatedPicture, size: tuple[int, int], sigma: float
) -> Iterator[tuple[FloatArray, tuple[IntArray, IntArray]]]:
    """Predict each observer's fixations by the density of all others.

    The scores of these predictions, averaged, are the inter-observer score.

    Parameters
    ----------
    photo : FixatedPicture
        With two observers or more.
    size : (int, int)
        Height and width of the grid on which it is scored.
    sigma : float
        Standard deviation of the others' density, in cells of the grid.

    Yields
    ------
    values : float32 [h, w]
        The density of all other observers, with mean 1.
    fixations : (int [n], int [n])
        The observer's rows and columns.

    Raises
    ------
    VisionError
        For a single observer.
    """
    if len(picture.observers) < 2:
        raise VisionError(
            f"{picture.name} has a single observer, so there is nobody to predict them."
        )
    for number, observer in enumerate(picture.observers):
        others = (other for n, other in enumerate(picture.observers) if n != number)
        expected = density(*picture.cells(size, *others), size, sigma)
        # Relative to a uniform density: values near 1 keep their precision in 32 bits.
        values = np.asarray(expected * expected.size, dtype=np.float32)
        yield values, picture.cells(size, observer)
