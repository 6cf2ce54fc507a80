"""Where on the retina a place of the picture falls, and what is there.

The lens turns the picture upside down and left to right. Angles are kept as they are: the eye's
optics are more than a pinhole, but near the fovea a degree is 0.288 mm of retina (Drasdo & Fowler,
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
    """A place on the retina, in degrees of the visual field from the fovea's middle.

    right, up: as the eye's owner would see it, from behind; a mirror image of what an examiner
    sees.
    """

    right: float
    up: float

    @property
    def angle(self) -> float:
        """The eccentricity: degrees from the fovea's middle, 0 or more."""
        return math.hypot(self.right, self.up)

    @property
    def millimetres(self) -> float:
        """The distance along the retina; too large by some per cent beyond the macula."""
        return self.angle * MM_PER_DEGREE


class OpticDisc(NamedTuple):
    """The optic disc, where the nerve leaves and nothing is seen: an ellipse on the left retina.

    right, up: of its middle, as in `RetinalPosition`; the nose is on the left eye's right.
    width, height: in degrees.
    """

    right: float = 15.5
    up: float = 1.5
    width: float = 5.5
    height: float = 7.0

    def holds(self, position: RetinalPosition) -> bool:
        """Whether a place falls on it."""
        across = (position.right - self.right) / (self.width / 2)
        along = (position.up - self.up) / (self.height / 2)
        return math.hypot(across, along) <= 1


OPTIC_DISC = OpticDisc()


def retinal_position(below: float, right_of: float, viewing: ViewingGeometry) -> RetinalPosition:
    """Where a place of the picture falls while the eye rests on another.

    Args:
        below: how far under the place looked at it is, in pixels; negative is above.
        right_of: how far to the right of it.
        viewing: how large a degree is.
    """
    distance = math.hypot(below, right_of)
    if distance == 0:
        return RetinalPosition(0.0, 0.0)
    angle = float(viewing.degrees(distance))
    return RetinalPosition(-angle * right_of / distance, angle * below / distance)


def zone_of(place: RetinalPosition, disc: OpticDisc = OPTIC_DISC) -> str:
    """The name of the innermost zone that holds a place; the blind spot is one of them."""
    if disc.holds(place):
        return BLIND_SPOT
    return next((zone.name for zone in ZONES if place.angle <= zone.degrees / 2), OUTSIDE)
