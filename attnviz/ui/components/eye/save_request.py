"""A picture that the browser asks the server for, checked, and made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from attnviz.errors import VisionError
from attnviz.vision.retina import Retina, ViewingGeometry

MOST_FIXATIONS = 16
_LONGEST_TITLE = 100


@dataclass(frozen=True)
class Wanted:
    """Where an eye looks at a picture, from where, and how fine it is.

    Attributes
    ----------
    photo
        `photo_id` of the picture at the size at which it was shown.
    fixations
        (y, x) in 0..1.
    viewing
        For that size.
    distance_cm
        Of the eye.
    path
        What led the gaze, empty for a person.
    """

    photo: str
    fixations: tuple[tuple[float, float], ...]
    viewing: ViewingGeometry
    retina: Retina
    distance_cm: float
    path: str = ""

    @classmethod
    def from_untrusted(cls, told: Any) -> Self | None:
        """What a browser's message asks for; None where it makes no sense."""
        if not isinstance(told, Mapping):
            return None
        try:
            looks = [(float(y), float(x)) for x, y in told["fixations"]]
            viewing = ViewingGeometry(float(told["pixelsPerDegree"]))
            retina = Retina(
                least_contrast=float(told["leastContrast"]),
                decay=float(told["decay"]),
                half_angle=float(told["halfAngle"]),
                coarser=float(told["coarser"]),
            )
            distance = float(told["distance"])
        except (KeyError, TypeError, ValueError, OverflowError, VisionError):
            return None
        inside = all(0 <= value <= 1 for look in looks for value in look)  # nor NaN
        if not (looks and inside and len(looks) <= MOST_FIXATIONS and 0 < distance < math.inf):
            return None
        photo, path = str(told.get("photoId", "")), str(told.get("path", ""))[:_LONGEST_TITLE]
        return cls(photo, tuple(looks), viewing, retina, distance, path)

    def viewing_of(self, shown_width: int, width: int) -> ViewingGeometry:
        """For a larger copy of the picture that was shown `shown_width` pixels wide."""
        return ViewingGeometry(self.viewing.pixels_per_degree * width / shown_width)
