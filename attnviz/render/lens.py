"""Parameters of the blur: radius, fall-off, shape and highlights, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attnviz.errors import FocusError
from attnviz.render.aperture import Aperture
from attnviz.render.disc_blur import factor_of
from attnviz.render.surfaces import REACH
from attnviz.types import FloatArray

LARGEST_RADIUS = 1000.0


@dataclass(frozen=True)
class Lens:
    """Circle of confusion and aperture; level k of `count` is a disc of the radius k * step px.

    Attributes
    ----------
    radius
        Largest radius in pixels, 0..1000.
    gamma
        Exponent of 1 - focus, 0.1..10.
    aperture
        Shape of the discs.
    highlights
        Amplification of clipped lights, 0..8.

    Raises
    ------
    FocusError
        A value is out of range.
    """

    radius: float
    gamma: float
    aperture: Aperture
    highlights: float

    def __post_init__(self) -> None:
        _check_range("radius", self.radius, 0.0, LARGEST_RADIUS)
        _check_range("gamma", self.gamma, 0.1, 10.0)
        _check_range("highlights", self.highlights, 0.0, 8.0)

    @property
    def count(self) -> int:
        """Number of discs: 8; fewer if less than 1 px apart, more if over 4 px apart."""
        return max(min(8, math.ceil(self.radius)), min(16, math.ceil(self.radius / 4)))

    @property
    def step(self) -> float:
        """Difference between the radii of two levels, in px."""
        return self.radius / self.count

    @property
    def coarsest(self) -> int:
        """Factor by which the resolution is reduced for the largest disc."""
        return factor_of(self.radius)

    @property
    def margin(self) -> int:
        """Rows around a band that its result depends on, a multiple of the coarsest pixel."""
        corners = 1.1  # a hexagon of equal area reaches 10 % further than the disc
        reach = self.radius * corners + REACH + 3 * self.coarsest
        return math.ceil(reach / self.coarsest) * self.coarsest

    def levels(self, focus: FloatArray) -> FloatArray:
        """The level of each value of a focus in 0..1: float32 in 0..count, not rounded."""
        level = np.subtract(1.0, focus, dtype=np.float32)
        if self.gamma != 1.0:
            np.power(level, self.gamma, out=level)
        level *= self.count
        return level


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not (isinstance(value, (int, float, np.number)) and low <= value <= high):
        raise FocusError(f"{name} must lie in {low:g}..{high:g}, but it is {value}.")
