"""Sampling of a map between its cells."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from attnviz.types import FloatArray

_SMALL = 1024  # positions of which the weights are kept: those of small copies of pictures


def resample_bicubic(
    values: FloatArray, size: tuple[int, int], box: tuple[float, float, float, float]
) -> FloatArray:
    """Separable bicubic sampling at the centres of pixels.

    Parameters
    ----------
    values
        float32 [h, w].
    size
        (height, width) of the result, in pixels.
    box
        (top, left, bottom, right) of the pixels that the values cover; beyond it their edges go on.

    Returns
    -------
    FloatArray
        float32 of `size`.
    """
    top, left, bottom, right = box
    along_y = _weights(size[0], top, bottom, values.shape[0])
    along_x = _weights(size[1], left, right, values.shape[1])
    return np.asarray(along_y @ values @ along_x.T, dtype=np.float32)


def _weights(pixels: int, start: float, stop: float, length: int) -> FloatArray:
    found = _small_weights if pixels <= _SMALL else _pixel_weights
    return found(pixels, start, stop, length)


def _pixel_weights(pixels: int, start: float, stop: float, length: int) -> FloatArray:
    """The weights [pixels, length] of cells that lie evenly from `start` to `stop`."""
    step = (stop - start) / length
    return cubic_matrix((np.arange(pixels, dtype=np.float32) + 0.5 - start) / step - 0.5, length)


@lru_cache(maxsize=64)  # most pictures of a set have one of a few sizes
def _small_weights(pixels: int, start: float, stop: float, length: int) -> FloatArray:
    weights = _pixel_weights(pixels, start, stop, length)
    weights.flags.writeable = False
    return weights


def cubic_matrix(positions: FloatArray, length: int) -> FloatArray:
    """[positions, length] weights of Keys' cubic (a = -0.5), which rows sum to 1."""
    base = np.floor(positions).astype(np.int64)
    fraction = (positions - base).astype(np.float32)
    matrix = np.zeros((len(positions), length), dtype=np.float32)
    rows = np.arange(len(positions))
    for tap in range(-1, 3):
        distance = np.abs(fraction - tap)
        near = (1.5 * distance - 2.5) * distance**2 + 1.0
        far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
        weight = np.where(distance <= 1.0, near, np.where(distance < 2.0, far, 0.0))
        np.add.at(matrix, (rows, np.clip(base + tap, 0, length - 1)), weight.astype(np.float32))
    return matrix
