"""Projection of picture positions onto the retina, and its anatomy there.

The lens turns the picture upside down and left to right. Angles are preserved: the eye's optics are
more than a pinhole, but near the fovea a degree is 0.288 mm of retina (Drasdo & Fowler,
"Non-linear projection of the retinal image in a wide-angle schematic eye", Br J Ophthalmol 58,
1974, as quoted by Webvision); farther out it is less.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from attnviz.vision.retina import ZONES, ViewingGeometry

MM_PER_DEGREE = 0.288
OUTSIDE = "beyond the macula"
BLIND_SPOT = "blind spot"


class RetinalPosition(NamedTuple):
    """A position on the retina, in degrees of visual angle from the centre of the fovea.

    Attributes
    ----------
    right, up : float
        As the eye's owner would see it, from behind; a mirror image of what an examiner sees.
    """

    right: float
    up: float

    @property
    def eccentricity(self) -> float:
        """Degrees from the centre of the fovea, 0 or more."""
        return math.hypot(self.right, self.up)

    @property
    def millimetres(self) -> float:
        """Distance along the retina; too large by a few per cent beyond the macula."""
        return self.eccentricity * MM_PER_DEGREE


class OpticDisc(NamedTuple):
    """The optic disc, where the nerve leaves (the blind spot): an ellipse on the left retina.

    Attributes
    ----------
    right, up : float
        Its centre, as in `RetinalPosition`; the nose is on the left eye's right.
    width, height : float
        In degrees.
    """

    right: float = 15.5
    up: float = 1.5
    width: float = 5.5
    height: float = 7.0

    def contains(self, position: RetinalPosition) -> bool:
        """Whether a position lies on it."""
        across = (position.right - self.right) / (self.width / 2)
        along = (position.up - self.up) / (self.height / 2)
        return math.hypot(across, along) <= 1


OPTIC_DISC = OpticDisc()


def retinal_position(below: float, right_of: float, viewing: ViewingGeometry) -> RetinalPosition:
    """Project a position of the picture onto the retina while the eye fixates another.

    Parameters
    ----------
    below, right_of : float
        Offset from the fixation in pixels, down and to the right; negative for above and left.
    viewing : ViewingGeometry
        Pixels per degree of visual angle.

    Returns
    -------
    RetinalPosition
    """
    distance = math.hypot(below, right_of)
    if distance == 0:
        return RetinalPosition(0.0, 0.0)
    angle = float(viewing.degrees(distance))
    return RetinalPosition(-angle * right_of / distance, angle * below / distance)


def zone_of(position: RetinalPosition, disc: OpticDisc = OPTIC_DISC) -> str:
    """Name of the innermost zone that contains a position; the blind spot is one of them."""
    if disc.contains(position):
        return BLIND_SPOT
    return next((zone.name for zone in ZONES if position.eccentricity <= zone.degrees / 2), OUTSIDE)
