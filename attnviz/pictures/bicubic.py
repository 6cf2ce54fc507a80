"""Sampling of a map between its cells."""

from __future__ import annotations

import numpy as np

from attnviz.types import FloatArray


def sample_bicubic(values: FloatArray, y: FloatArray, x: FloatArray) -> FloatArray:
    """Separable bicubic sampling at the rows `y` and columns `x` (fractional, replicated edges)."""
    along_x = cubic_matrix(x, values.shape[1])
    along_y = cubic_matrix(y, values.shape[0])
    return np.asarray(along_y @ values @ along_x.T, dtype=np.float32)


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
