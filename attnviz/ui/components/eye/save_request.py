"""The browser's request to save a picture, validated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from attnviz.errors import VisionError
from attnviz.export.foveated_picture import FoveatedPicture
from attnviz.pictures import Picture
from attnviz.vision.retina import Retina, ViewingGeometry

MOST_FIXATIONS = 16
_LONGEST_TITLE = 100


@dataclass(frozen=True)
class SaveRequest:
    """The fixations, viewing geometry and retina of a picture to save.

    Attributes
    ----------
    photo : str
        `photo_id` of the picture as displayed.
    fixations : tuple of (float, float)
        (y, x) in 0..1.
    viewing : ViewingGeometry
        Pixels per degree of the displayed picture.
    retina : Retina
        The retina that samples the picture.
    distance_cm : float
        Distance of the eye from the screen.
    path : str
        Title of the map that led the gaze; empty for a person.
    """

    photo: str
    fixations: tuple[tuple[float, float], ...]
    viewing: ViewingGeometry
    retina: Retina
    distance_cm: float
    path: str = ""

    @classmethod
    def from_untrusted(cls, message: Any) -> Self | None:
        """Parse a browser's message; None if it is invalid."""
        if not isinstance(message, Mapping):
            return None
        try:
            looks = [(float(y), float(x)) for x, y in message["fixations"]]
            viewing = ViewingGeometry(float(message["pixelsPerDegree"]))
            retina = Retina(
                least_contrast=float(message["leastContrast"]),
                decay=float(message["decay"]),
                half_angle=float(message["halfAngle"]),
                coarser=float(message["coarser"]),
            )
            distance = float(message["distance"])
        except (KeyError, TypeError, ValueError, OverflowError, VisionError):
            return None
        inside = all(0 <= value <= 1 for look in looks for value in look)  # false for NaN
        if not (looks and inside and len(looks) <= MOST_FIXATIONS and 0 < distance < math.inf):
            return None
        photo, path = str(message.get("photoId", "")), str(message.get("path", ""))[:_LONGEST_TITLE]
        return cls(photo, tuple(looks), viewing, retina, distance, path)

    def applied_to(self, shown: Picture, picture: Picture) -> FoveatedPicture:
        """Apply the request, made for the displayed copy `shown`, to `picture` at another size."""
        scale = picture.pixels.shape[1] / shown.pixels.shape[1]
        viewing = ViewingGeometry(self.viewing.pixels_per_degree * scale)
        return FoveatedPicture(
            picture, self.fixations, viewing, self.retina, self.distance_cm, self.path
        )
