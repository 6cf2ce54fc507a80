"""In which order a map's places are looked at: the winner takes all, then is inhibited for a while.

After Itti, Koch & Niebur (1998), on any map. The times are the simulation's, in which a jump takes
30 to 70 ms; people rest for two to three tenths of a second.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attnviz.errors import VisionError
from attnviz.types import AnyFloatArray, DoubleArray

FASTEST_MS, SLOWEST_MS = 30.0, 70.0


class Fixation(NamedTuple):
    """A place the scanpath comes to.

    y, x: in the map's cells, cell (0, 0) covering 0..1. strength: what is left of the map there
    when it wins, 1 for the first. ms: how long it took to win, shorter for a stronger place.
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
    """The places that win one after the other, at most `count`.

    Args:
        values: float [h, w], finite; what counts is the height above the lowest value.
        count: 1 or more.
        radius: standard deviation of the inhibited spot, in cells; a twelfth of the shorter side.
        memory: after so many stops, inhibition has faded to 1/e; a place may win again.
        least: stops when no place has more than this share of the first one's height.

    Returns:
        The stops in order. Of places with equal values, the one that is read first wins.

    Raises VisionError for a map without height, or options out of range.
    """
    heights = _heights(values)
    radius = min(heights.shape) / 12 if radius is None else radius
    if count < 1 or not (radius > 0 and memory > 0 and 0 <= least < 1):
        raise VisionError(
            f"A scanpath of {count} stops with radius {radius:g}, memory {memory:g} and least "
            f"share {least:g} cannot be drawn. Take 1 stop or more, and a share below 1."
        )
    y, x = np.ogrid[: heights.shape[0], : heights.shape[1]]
    inhibited = np.zeros_like(heights)
    stops: list[Fixation] = []
    for _ in range(count):
        left = heights * (1 - inhibited)
        row, column = map(int, np.unravel_index(int(left.argmax()), left.shape))
        strength = float(left[row, column])
        if stops and strength <= least:
            break
        dy, dx = _summit(left, row, column)
        taken = min(SLOWEST_MS, FASTEST_MS / strength)
        stops.append(Fixation(row + 0.5 + dy, column + 0.5 + dx, strength, taken))
        spot = np.exp(-((y - row - dy) ** 2 + (x - column - dx) ** 2) / (2 * radius**2))
        spot[row, column] = 1.0  # the winner itself is out, also on a grid coarser than the spot
        # What is inhibited already is inhibited no more than fully.
        inhibited = 1 - (1 - inhibited * math.exp(-1 / memory)) * (1 - spot)
    return tuple(stops)


def _heights(values: AnyFloatArray) -> DoubleArray:
    """The map from 0 to 1; raises VisionError where it has no height."""
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise VisionError(
            f"A scanpath needs a map [h, w] of finite numbers, not {list(values.shape)} with NaN, "
            "infinity or nothing in it."
        )
    height = np.asarray(values, np.float64) - float(values.min())
    highest = float(height.max())
    if highest <= 1e-9 * max(1.0, float(np.abs(values).max())):
        raise VisionError(
            "The map has the same value everywhere, so no place wins. Choose another layer or map."
        )
    return np.asarray(height / highest, dtype=np.float64)


def _summit(values: DoubleArray, row: int, column: int) -> tuple[float, float]:
    """Where between the cells the top lies, by a parabola through each axis, within half a cell."""

    def shift(line: DoubleArray, at: int) -> float:
        if not 0 < at < len(line) - 1:
            return 0.0
        before, here, after = line[at - 1 : at + 2]
        bend = before - 2 * here + after
        return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0

    return shift(values[:, column], row), shift(values[row], column)
