"""Scanpath of a map: winner-take-all with inhibition of return.

After Itti, Koch & Niebur (1998), on any map. The times are the simulation's, in which a shift takes
30 to 70 ms; human fixations last 200 to 300 ms.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attnviz.errors import VisionError
from attnviz.types import AnyFloatArray, DoubleArray

FASTEST_MS, SLOWEST_MS = 30.0, 70.0


class Fixation(NamedTuple):
    """A fixation of the scanpath.

    Attributes
    ----------
    y, x : float
        In the map's cells, cell (0, 0) covering 0..1.
    strength : float
        Height of the inhibited map there when it wins; 1 for the first.
    ms : float
        Time until it wins, shorter for a stronger position.
    """

    y: float
    x: float
    strength: float
    ms: float


def scanpath(
    values: AnyFloatArray,
    count: int = 8,
    *,
    radius: float | None = None,
    memory: float = 4.0,
    least: float = 0.2,
) -> tuple[Fixation, ...]:
    """Compute the positions that win one after the other.

    Parameters
    ----------
    values : float [h, w]
        Finite; what counts is the height above the lowest value.
    count : int
        Maximum number of fixations, 1 or more.
    radius : float, optional
        Standard deviation of the inhibited spot in cells (default: a twelfth of the shorter side).
    memory : float
        Number of fixations after which inhibition has decayed to 1/e; a position may win again.
    least : float
        Stop when no position has more than this share of the first one's height.

    Returns
    -------
    tuple of Fixation
        In order. Of equal values, the first in reading order wins.

    Raises
    ------
    VisionError
        For a constant map, or options out of range.
    """
    heights = _heights(values)
    radius = min(heights.shape) / 12 if radius is None else radius
    if count < 1 or not (radius > 0 and memory > 0 and 0 <= least < 1):
        raise VisionError(
            f"A scanpath of {count} fixations with radius {radius:g}, memory {memory:g} and least "
            f"share {least:g} is not defined. Choose 1 fixation or more, and a share below 1."
        )
    y, x = np.ogrid[: heights.shape[0], : heights.shape[1]]
    inhibited = np.zeros_like(heights)
    fixations: list[Fixation] = []
    for _ in range(count):
        remaining = heights * (1 - inhibited)
        row, column = map(int, np.unravel_index(int(remaining.argmax()), remaining.shape))
        strength = float(remaining[row, column])
        if fixations and strength <= least:
            break
        dy, dx = _summit(remaining, row, column)
        duration = min(SLOWEST_MS, FASTEST_MS / strength)
        fixations.append(Fixation(row + 0.5 + dy, column + 0.5 + dx, strength, duration))
        spot = np.exp(-((y - row - dy) ** 2 + (x - column - dx) ** 2) / (2 * radius**2))
        spot[row, column] = (
            1.0  # the winner is fully inhibited, also on a grid coarser than the spot
        )
        # Inhibition accumulates up to 1.
        inhibited = 1 - (1 - inhibited * math.exp(-1 / memory)) * (1 - spot)
    return tuple(fixations)


def _heights(values: AnyFloatArray) -> DoubleArray:
    """Scale the map to 0..1; raise VisionError if it is constant."""
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise VisionError(
            f"A scanpath needs a map [h, w] of finite numbers, not {list(values.shape)} with NaN, "
            "infinity or nothing in it."
        )
    height = np.asarray(values, np.float64) - float(values.min())
    highest = float(height.max())
    if highest <= 1e-9 * max(1.0, float(np.abs(values).max())):
        raise VisionError(
            "The map has the same value everywhere, so no position wins. Choose another layer or "
            "map."
        )
    return np.asarray(height / highest, dtype=np.float64)


def _summit(values: DoubleArray, row: int, column: int) -> tuple[float, float]:
    """Sub-cell offset of the peak, by a parabola along each axis, within half a cell."""

    def shift(line: DoubleArray, at: int) -> float:
        if not 0 < at < len(line) - 1:
            return 0.0
        before, here, after = line[at - 1 : at + 2]
        curvature = before - 2 * here + after
        return (
            float(np.clip((before - after) / (2 * curvature), -0.5, 0.5)) if curvature < 0 else 0.0
        )

    return shift(values[:, column], row), shift(values[row], column)
