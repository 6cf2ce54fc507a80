"""The browser's request to save a picture, validated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from attnviz.errors import VisionError
from attnviz.export.foveated_picture import Foveation
from attnviz.pictures.names import visible
from attnviz.untrusted.values import UNREADABLE
from attnviz.vision.retina import Retina, ViewingGeometry

MOST_FIXATIONS = 16
_LONGEST_TITLE = 100
_NAMES = ("photoId", "path")


@dataclass(frozen=True, kw_only=True)
class SaveRequest(Foveation):
    """How to foveate the displayed picture for saving.

    Attributes
    ----------
    photo : str
        `photo_id` of the picture as displayed.
    """

    photo: str

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
        except (VisionError, *UNREADABLE):
            return None
        inside = all(0 <= value <= 1 for look in looks for value in look)  # false for NaN
        if not (looks and inside and len(looks) <= MOST_FIXATIONS and 0 < distance < math.inf):
            return None
        photo, path = (visible(str(message.get(key, "")), _LONGEST_TITLE) for key in _NAMES)
        return cls(
            photo=photo,
            fixations=tuple(looks),
            viewing=viewing,
            retina=retina,
            distance_cm=distance,
            path=path,
        )
