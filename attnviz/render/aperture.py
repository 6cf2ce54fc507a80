"""Blur kernels in the shape of a lens's aperture."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import lru_cache

import numpy as np

from attnviz.errors import FocusError, UnknownNameError
from attnviz.types import BoolArray, DoubleArray, FloatArray

# Samples per pixel and axis. 8 x 8 hold a kernel's edge to 1/64 of a pixel's weight.
_SAMPLES = 8


class Aperture(StrEnum):
    """Shape of the aperture: a circle, or the polygon of six or eight blades."""

    DISC = "disc"
    HEXAGON = "hexagon"
    OCTAGON = "octagon"

    @property
    def corners(self) -> int:
        """Number of corners; 0 for the circle."""
        return {"disc": 0, "hexagon": 6, "octagon": 8}[self.value]


def aperture_named(name: str) -> Aperture:
    """Look up an aperture by name; raises UnknownNameError with the nearest names."""
    try:
        return Aperture(name)
    except ValueError:
        raise UnknownNameError(
            "aperture", name, [aperture.value for aperture in Aperture]
        ) from None


@lru_cache(maxsize=64)
def aperture_kernel(radius: float, aperture: Aperture = Aperture.DISC) -> FloatArray:
    """Compute the anti-aliased blur kernel of an aperture.

    A pixel's weight is the share of its area inside the shape, so that fractional radii have an
    effect. Polygons have the area of the disc of the same radius, so that changing the shape does
    not change the amount of blur; one corner points to the right.

    Parameters
    ----------
    radius
        Radius of the disc in pixels, 0 or more; 0 gives the identity kernel.
    aperture
        The shape.

    Returns
    -------
    FloatArray
        float32 [n, n], n odd, read-only, point-symmetric; all values >= 0, their sum is 1 (to
        1e-6).

    Raises
    ------
    FocusError
        The radius is negative or not finite.
    """
    if not (math.isfinite(radius) and radius >= 0):
        raise FocusError(f"A blur radius must be 0 or more pixels, but it is {radius}.")
    reach = radius * _corner_distance(aperture.corners)
    half = max(0, math.ceil(reach - 0.5))
    offsets = (np.arange((2 * half + 1) * _SAMPLES) + 0.5) / _SAMPLES - half - 0.5
    inside = _inside(offsets[:, None], offsets[None, :], radius, aperture.corners)
    side = 2 * half + 1
    kernel = inside.reshape(side, _SAMPLES, side, _SAMPLES).sum(axis=(1, 3), dtype=np.float64)
    if half == 0:
        kernel[:] = 1.0
    result: FloatArray = np.asarray(kernel / kernel.sum(), dtype=np.float32)
    result.flags.writeable = False
    return result


def _corner_distance(corners: int) -> float:
    """Distance of centre and corner of the polygon with the area of the unit disc."""
    if corners == 0:
        return 1.0
    return math.sqrt(2 * math.pi / (corners * math.sin(2 * math.pi / corners)))


def _inside(y: DoubleArray, x: DoubleArray, radius: float, corners: int) -> BoolArray:
    distance = np.hypot(y, x)
    if corners == 0:
        return np.asarray(distance <= radius)
    sector = 2 * math.pi / corners
    # At an angle t from the middle of a side, the polygon's edge has the distance apothem / cos t.
    from_side = np.mod(np.arctan2(y, x), sector) - sector / 2
    apothem = radius * _corner_distance(corners) * math.cos(sector / 2)
    return np.asarray(distance * np.cos(from_side) <= apothem)
