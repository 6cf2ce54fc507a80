"""The guided filter with a colour guide: smooths a map along the edges of its picture.

He, Sun, Tang: Guided Image Filtering, TPAMI 2013, doi 10.1109/TPAMI.2012.213; optionally
computed on a reduced picture as in He, Sun: Fast Guided Filter, arXiv 1505.00996. In each window
the result is a linear function of the colours, `q = a . I + b`, that fits the map best; a pixel
takes the mean over all windows it lies in.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.types import FloatArray, Pixels

# The upper triangle of a symmetric 3 x 3 matrix, row by row.
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
_RGB = range(3)


def guided_filter(
    guide: Pixels, values: npt.ArrayLike, radius: int, *, eps: float = 1e-3, reduction: int = 1
) -> FloatArray:
    """Filter a single map; see `GuidedFilter` for several maps of one picture.

    Parameters
    ----------
    guide
        uint8 [H, W, 3], sRGB.
    values
        float [H, W], the map.
    radius
        Radius of the square window, whose side is 2 * radius + 1 px. Windows at the border are
        filled by replication; the paper crops them.
    eps
        Variance, in units of the full range squared, above which contrast counts as an edge.
    reduction
        The coefficients are computed at 1/reduction of the resolution; the result stays sharp. 1 is
        the exact filter.

    Returns
    -------
    FloatArray
        float32 [H, W]. Not clipped: a linear fit can leave the range of the map a little.

    Raises
    ------
    FocusError
        Sizes differ, or radius, eps or reduction are out of range.
    """
    return GuidedFilter(guide, radius, eps=eps, reduction=reduction)(values)


class GuidedFilter:
    """The filter for one picture and any number of maps; the guide's statistics are computed once.

    Arguments and errors are those of `guided_filter`; calling it is safe from several threads.
    """

    def __init__(
        self, guide: Pixels, radius: int, *, eps: float = 1e-3, reduction: int = 1
    ) -> None:
        if guide.ndim != 3 or guide.dtype != np.uint8 or guide.shape[2] != 3:
            raise FocusError(f"A guide must be uint8 [H, W, 3], not {guide.dtype} {guide.shape}.")
        if radius < 1 or eps <= 0 or reduction < 1:
            raise FocusError("The guided filter needs radius >= 1, eps > 0 and reduction >= 1.")
        self._guide = guide
        height, width = guide.shape[:2]
        self._size = (max(1, width // reduction), max(1, height // reduction))
        self._window = 2 * max(1, round(radius / reduction)) + 1
        small = guide
        if reduction > 1:
            small = cv2.resize(guide, self._size, interpolation=cv2.INTER_AREA)
        # Variances are small differences of large means: centring first keeps float32 exact enough.
        self._offset = small.reshape(-1, 3).mean(axis=0, dtype=np.float64) / 255
        self._colours = [(small[..., c] / 255 - self._offset[c]).astype(np.float32) for c in _RGB]
        self._means = [self._mean(plane) for plane in self._colours]
        spread = {
            (i, j): self._mean(self._colours[i] * self._colours[j])
            - self._means[i] * self._means[j]
            + np.float32(eps * (i == j))
            for i, j in _PAIRS
        }
        self._inverse = _inverse(spread)

    def __call__(self, values: npt.ArrayLike) -> FloatArray:
        """Filter a map, float [H, W]; the result is float32 [H, W], not clipped."""
        plane = np.ascontiguousarray(values, dtype=np.float32)
        if self._guide.shape != (*plane.shape, 3):
            raise FocusError(f"A guide of {self._guide.shape} does not fit a map of {plane.shape}.")
        full = (plane.shape[1], plane.shape[0])
        if self._size == full:
            coefficients = self._coefficients(plane)
        else:
            target = cv2.resize(plane, self._size, interpolation=cv2.INTER_AREA)
            coefficients = [cv2.resize(c, full) for c in self._coefficients(target)]
        result = coefficients[3]
        for channel in _RGB:
            result += coefficients[channel] * (self._guide[..., channel] * np.float32(1 / 255))
        return np.asarray(result, dtype=np.float32)

    def _mean(self, values: FloatArray) -> FloatArray:
        window = (self._window, self._window)
        filtered = cv2.boxFilter(values, -1, window, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(filtered, dtype=np.float32)

    def _coefficients(self, plane: FloatArray) -> list[FloatArray]:
        """The mean of a (three planes) and of b over all windows that hold a pixel."""
        level = np.float32(plane.mean(dtype=np.float64))
        target = plane - level
        centre = self._mean(target)
        cross = [
            self._mean(plane * target) - mean * centre
            for plane, mean in zip(self._colours, self._means, strict=True)
        ]
        rows = [[self._inverse[min(i, j), max(i, j)] for j in _RGB] for i in _RGB]
        slopes = [r * cross[0] + g * cross[1] + b * cross[2] for r, g, b in rows]
        base = centre - sum(a * m for a, m in zip(slopes, self._means, strict=True))
        slopes = [self._mean(slope) for slope in slopes]
        # Back from the centred colours and map to those in 0..1.
        shift = sum(a * np.float32(o) for a, o in zip(slopes, self._offset, strict=True))
        return [*slopes, np.asarray(self._mean(base) - shift + level, dtype=np.float32)]


def _inverse(matrix: dict[tuple[int, int], FloatArray]) -> dict[tuple[int, int], FloatArray]:
    """Invert a symmetric 3 x 3 matrix at every pixel, by its cofactors."""
    rr, rg, rb, gg, gb, bb = (matrix[pair] for pair in _PAIRS)
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    cofactors = (c_rr, c_rg, c_rb, rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg)
    determinant = rr * c_rr + rg * c_rg + rb * c_rb
    return {pair: cofactor / determinant for pair, cofactor in zip(_PAIRS, cofactors, strict=True)}
