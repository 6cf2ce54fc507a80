"""Blur by one disc that excludes the colours of sharper pixels (normalised convolution).

`B = blur(w * light) / blur(w)`, where the weight w is 1 for a source pixel that is blurred as much
as the level itself, and falls to almost 0 for sharper ones. Large discs are computed at
reduced resolution: their blur has no finer detail than the edge of the disc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from attnviz.types import FloatArray

# A source of level k has full weight in the blur of level j if k >= 0.75 j, and only the floor if
# k <= 0.25 j. Soft fields change by less than that within a disc's reach.
_RAMP_START, _RAMP_END = 0.25, 0.75
# Where only sharper pixels are in reach (a gap of 2 px inside the focus), the blur must come from
# those: the floor keeps it defined there, and is invisible elsewhere.
_FLOOR = 5e-4
_FAINT = 1e-3
# Smallest radius, in pixels of the picture, that is computed at a half, a quarter, an eighth.
_COARSER = ((5.5, 2), (22.0, 4), (100.0, 8))
# Larger kernels are faster by the Fourier transform than by direct sums.
_LARGEST_DIRECT = 11


def factor_of(radius: float) -> int:
    """Factor by which the resolution is reduced for a disc of `radius` px: 1, 2, 4 or 8."""
    return max([1, *(factor for least, factor in _COARSER if radius >= least)])


@dataclass(frozen=True)
class Sources:
    """Light that is spread by the blur, at one resolution.

    Attributes
    ----------
    light
        float32 [3, h, w], linear.
    levels
        float32 [h, w], how far each pixel spreads.
    area
        float32 [h, w] in 0..1, the share of a coarse pixel that `light` and `levels` describe; the
        rest is sharper and spreads nothing. None at full resolution.
    """

    light: FloatArray
    levels: FloatArray
    area: FloatArray | None = None

    def reduced(self, factor: int) -> Sources:
        """The same at 1/factor of the resolution; both sides must be multiples of it.

        Fine pixels are averaged with their levels as weights. So a coarse pixel on an object's edge
        takes its colour from the blurred side alone, and `area` has the share of that side; in a
        soft field, where neighbours hardly differ, it is the plain mean.
        """
        height, width = self.levels.shape
        size = (width // factor, height // factor)

        def mean(plane: FloatArray) -> FloatArray:
            return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)

        # Where all is sharp the weights are 0; this small value makes it the plain mean.
        weight = self.levels + np.float32(_FAINT)
        share = mean(weight if self.area is None else weight * self.area)
        if self.area is not None:
            weight *= self.area
        light = np.stack([mean(plane * weight) for plane in self.light])
        light /= share
        levels = mean(self.levels * weight)
        levels /= share
        return Sources(light, levels, share / (levels + np.float32(_FAINT)))


def blurred(sources: Sources, level: float, kernel: FloatArray) -> Iterator[FloatArray]:
    """Yield the three colour planes of the picture as the lens shows it at `level`.

    One plane at a time keeps memory use low and the processor's cache warm. Borders reflect.

    Parameters
    ----------
    sources
        The picture at the resolution of `kernel`.
    level
        Above 0.
    kernel
        float32 [n, n], n odd, sum 1, point-symmetric.

    Yields
    ------
    FloatArray
        float32 [h, w], linear light.
    """
    convolve = _convolution(kernel, sources.levels.shape)
    weight = spread_weight(sources.levels, level)
    if sources.area is not None:
        weight *= sources.area
    share = convolve(weight)
    weighted = np.empty_like(weight)
    for plane in sources.light:
        total = convolve(np.multiply(plane, weight, out=weighted))
        yield np.divide(total, share, out=total)


def reduced_levels(levels: FloatArray, factor: int) -> FloatArray:
    """Levels [h, w] at 1/factor; a coarse pixel on an edge takes those of its blurred side."""
    size = (levels.shape[1] // factor, levels.shape[0] // factor)
    total = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    square = cv2.resize(levels * levels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(square / np.maximum(total, _FAINT), dtype=np.float32)


def spread_weight(source: FloatArray, level: float | FloatArray) -> FloatArray:
    """Weight, 0.0005..1, of a pixel of level `source` in the blur of `level` (above 0)."""
    slope = 1.0 / (_RAMP_END - _RAMP_START)
    weight = np.asarray(source * (slope / level) - _RAMP_START * slope, dtype=np.float32)
    np.clip(weight, _FLOOR, 1.0, out=weight)
    return weight


def enlarged(plane: FloatArray, factor: int) -> FloatArray:
    """Enlarge a plane [h, w] by `factor`, bicubic."""
    if factor == 1:
        return plane
    size = (plane.shape[1] * factor, plane.shape[0] * factor)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _convolution(kernel: FloatArray, shape: tuple[int, ...]) -> Callable[[FloatArray], FloatArray]:
    """A function that convolves a plane of `shape`, directly or by the Fourier transform."""
    if max(kernel.shape) <= _LARGEST_DIRECT:
        return lambda plane: cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_REFLECT)
    height, width = shape
    reach = kernel.shape[0] // 2
    rows, columns = _quick_size(height + 2 * reach), _quick_size(width + 2 * reach)
    response = cv2.dft(_centred(kernel, rows, columns))
    frame = (reach, rows - height - reach, reach, columns - width - reach)

    def by_spectrum(plane: FloatArray) -> FloatArray:
        padded = cv2.copyMakeBorder(plane, *frame, cv2.BORDER_REFLECT)
        spectrum = cv2.mulSpectrums(cv2.dft(padded), response, 0)
        back = cv2.dft(spectrum, padded, cv2.DFT_INVERSE | cv2.DFT_SCALE)
        return np.asarray(back[reach : reach + height, reach : reach + width], dtype=np.float32)

    return by_spectrum


@lru_cache(maxsize=256)
def _quick_size(length: int) -> int:
    return int(cv2.getOptimalDFTSize(length))


def _centred(kernel: FloatArray, rows: int, columns: int) -> FloatArray:
    """The kernel with its centre at (0, 0) of a periodic plane."""
    plane = np.zeros((rows, columns), dtype=np.float32)
    height, width = kernel.shape
    plane[:height, :width] = kernel
    return np.roll(plane, (-(height // 2), -(width // 2)), axis=(0, 1))
