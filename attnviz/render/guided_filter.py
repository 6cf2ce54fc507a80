"""A map made to follow the edges of its picture: the guided filter with a colour guide.

He, Sun, Tang: Guided Image Filtering, TPAMI 2013, doi 10.1109/TPAMI.2012.213; on request
computed on a reduced picture as in He, Sun: Fast Guided Filter, arXiv 1505.00996. In each window
the result is a linear function of the colours, `q = a . I + b`, that fits the map best; a pixel
takes the mean over all windows it lies in.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError

FloatArray = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

# The upper triangle of a symmetric 3 x 3 matrix, row by row.
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def guided_filter(
    guide: Pixels, values: npt.ArrayLike, radius: int, *, eps: float = 1e-3, reduction: int = 1
) -> FloatArray:
    """The map, smoothed, with the edges of the picture.

    Args:
        guide: uint8 [H, W, 3], sRGB.
        values: float [H, W], the map.
        radius: of the square window, in px; it has 2 * radius + 1 px a side. Windows at the
            border are filled by replication, where the paper cuts them off.
        eps: how much contrast (variance, in units of the full range squared) counts as an edge.
        reduction: the windows' coefficients are computed at 1/reduction of the resolution; their
            number, not the result's sharpness, suffers. 1 is the exact filter.

    Returns:
        float32 [H, W]. Not clipped: a linear fit can leave the range of the map a little.

    Raises:
        FocusError: sizes differ, or radius, eps or reduction are out of range.
    """
    plane = np.ascontiguousarray(values, dtype=np.float32)
    if guide.ndim != 3 or guide.dtype != np.uint8 or guide.shape != (*plane.shape, 3):
        raise FocusError(f"A guide of {guide.shape} does not fit a map of {plane.shape}.")
    if radius < 1 or eps <= 0 or reduction < 1:
        raise FocusError("The guided filter needs radius >= 1, eps > 0 and reduction >= 1.")
    height, width = plane.shape
    if reduction == 1:
        coefficients = _coefficients(guide, plane, radius, eps)
    else:
        size = (max(1, width // reduction), max(1, height // reduction))
        small = cv2.resize(guide, size, interpolation=cv2.INTER_AREA)
        target = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        coarse = _coefficients(small, target, max(1, round(radius / reduction)), eps)
        coefficients = [cv2.resize(one, (width, height)) for one in coarse]
    result = coefficients[3]
    for channel in range(3):
        result += coefficients[channel] * (guide[..., channel] * np.float32(1 / 255))
    return np.asarray(result, dtype=np.float32)


def _coefficients(guide: Pixels, plane: FloatArray, radius: int, eps: float) -> list[FloatArray]:
    """The mean of a (three planes) and of b over all windows that hold a pixel."""

    def mean(values: FloatArray) -> FloatArray:
        window = (2 * radius + 1, 2 * radius + 1)
        filtered = cv2.boxFilter(values, -1, window, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(filtered, dtype=np.float32)

    # Variances are small differences of large means: centring first keeps float32 exact enough.
    offset = guide.reshape(-1, 3).mean(axis=0, dtype=np.float64) / 255
    level = float(plane.mean(dtype=np.float64))
    colours = [(guide[..., c] / 255 - offset[c]).astype(np.float32) for c in range(3)]
    target = plane - np.float32(level)
    means, centre = [mean(one) for one in colours], mean(target)
    cross = [mean(one * target) - own * centre for one, own in zip(colours, means, strict=True)]
    spread = {
        (i, j): mean(colours[i] * colours[j]) - means[i] * means[j] + np.float32(eps * (i == j))
        for i, j in _PAIRS
    }
    slopes = _solved(spread, cross)
    base = centre - sum(a * m for a, m in zip(slopes, means, strict=True))
    slopes = [mean(one) for one in slopes]
    # Back from the centred colours and map to those in 0..1.
    shift = sum(a * np.float32(o) for a, o in zip(slopes, offset, strict=True))
    return [*slopes, np.asarray(mean(base) - shift + np.float32(level), dtype=np.float32)]


def _solved(matrix: dict[tuple[int, int], FloatArray], right: list[FloatArray]) -> list[FloatArray]:
    """The solution of a symmetric 3 x 3 system in every pixel, by Cramer's rule."""
    rr, rg, rb, gg, gb, bb = (matrix[pair] for pair in _PAIRS)
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    determinant = rr * c_rr + rg * c_rg + rb * c_rb
    r, g, b = (one / determinant for one in right)
    return [
        c_rr * r + c_rg * g + c_rb * b,
        c_rg * r + c_gg * g + c_gb * b,
        c_rb * r + c_gb * g + c_bb * b,
    ]
