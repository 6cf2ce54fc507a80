"""sRGB to linear light and back (IEC 61966-2-1).

Lenses mix light, not code values: a blur of sRGB codes darkens highlights, a larger error than any
approximation of the disc. All blurs therefore run on linear light.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.types import DoubleArray, FloatArray, Pixels

# One sRGB code covers at least 19.9 steps of a 16-bit linear scale (least in the darkest shadows),
# so an index rounded to 16 bits gives the right code for every value that came from 8 bits.
_STEPS = 65535
_CHUNK = 1 << 15


def srgb_to_linear(encoded: npt.ArrayLike) -> DoubleArray:
    """sRGB values in 0..1 (any shape) to linear light in 0..1, by the standard's formula."""
    value = np.asarray(encoded, dtype=np.float64)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: npt.ArrayLike) -> DoubleArray:
    """Linear light in 0..1 (any shape) to sRGB values in 0..1, by the standard's formula."""
    value = np.asarray(linear, dtype=np.float64)
    curve = 1.055 * np.maximum(value, 0.0) ** (1 / 2.4) - 0.055
    return np.where(value <= 0.0031308, value * 12.92, curve)


def _fixed(table: npt.NDArray[np.generic]) -> None:
    table.flags.writeable = False


DECODED: FloatArray = srgb_to_linear(np.arange(256) / 255).astype(np.float32)
ENCODED: Pixels = np.rint(linear_to_srgb(np.arange(_STEPS + 1) / _STEPS) * 255).astype(np.uint8)
_fixed(DECODED)
_fixed(ENCODED)


def decode(pixels: Pixels) -> FloatArray:
    """Convert sRGB pixels to linear light.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3].

    Returns
    -------
    FloatArray
        float32 [3, H, W] in 0..1; colour planes come first, as later steps work on whole planes.
    """
    light = np.empty((3, *pixels.shape[:2]), dtype=np.float32)
    cv2.split(cv2.LUT(pixels, DECODED), list(light))
    return light


def encode(light: FloatArray) -> Pixels:
    """Convert linear light to sRGB pixels; the inverse of `decode` for all 256 codes.

    Parameters
    ----------
    light
        float32 [3, H, W]; clipped to 0..1.

    Returns
    -------
    Pixels
        uint8 [H, W, 3].
    """
    pixels = np.empty((*light.shape[1:], 3), dtype=np.uint8)
    # A few rows at a time stay in the processor's cache.
    rows = max(1, _CHUNK // light.shape[2])
    for start in range(0, light.shape[1], rows):
        part = np.clip(light[:, start : start + rows], 0.0, 1.0)
        part *= _STEPS
        part += 0.5
        codes = ENCODED.take(part.astype(np.uint16))
        pixels[start : start + rows] = cv2.merge(list(codes))
    return pixels
