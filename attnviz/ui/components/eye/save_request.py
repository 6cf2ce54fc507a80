"""A picture that the browser asks the server for, checked, and made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from attnviz.errors import VisionError
from attnviz.export.png import png_with_provenance
from attnviz.pictures import Picture
from attnviz.vision.foveation import foveate
from attnviz.vision.retina import Retina, Viewing

MOST_FIXATIONS = 16
_LONGEST_TITLE = 100


@dataclass(frozen=True)
class Wanted:
    """Where an eye looks at a picture, from where, and how fine it is.

    photo: `photo_id` of the picture at the size at which it was shown. fixations: (y, x) in 0..1.
    viewing: for that size. distance_cm: of the eye. path: what led the gaze, empty for a person.
    """

    photo: str
    fixations: tuple[tuple[float, float], ...]
    viewing: Viewing
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
            viewing = Viewing(float(told["pixelsPerDegree"]))
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

    def viewing_of(self, shown_width: int, width: int) -> Viewing:
        """For a larger copy of the picture that was shown `shown_width` pixels wide."""
        return Viewing(self.viewing.pixels_per_degree * width / shown_width)


def drawn(wanted: Wanted, shown: Picture, picture: Picture) -> npt.NDArray[np.uint8]:
    """The whole picture, uint8 [H, W, 3], as asked for of its shown copy."""
    height, width = picture.pixels.shape[:2]
    viewing = wanted.viewing_of(shown.pixels.shape[1], width)
    looks = [(y * height, x * width) for y, x in wanted.fixations]
    return foveate(picture.pixels, looks, viewing, wanted.retina)


def saved(wanted: Wanted, shown: Picture, picture: Picture) -> bytes:
    """The whole picture as PNG, with what it was made by written into it."""
    pixels = drawn(wanted, shown, picture)
    viewing = wanted.viewing_of(shown.pixels.shape[1], pixels.shape[1])
    retina = wanted.retina
    facts = {
        "picture": picture.name,
        "picture sha256": picture.sha256,
        "made by": "foveation (Geisler & Perry 1998)",
        "fixations": "; ".join(
            f"x {100 * x:.1f} %, y {100 * y:.1f} %" for y, x in wanted.fixations
        ),
        "gaze led by": wanted.path or "the viewer",
        "viewing distance cm": f"{wanted.distance_cm:g}",
        "pixels per degree": f"{viewing.pixels_per_degree:.2f}",
        "coarser than a human eye": f"{retina.coarser:g}",
        "least contrast": f"{retina.least_contrast:.6g}",
        "decay": f"{retina.decay:g}",
        "half angle degrees": f"{retina.half_angle:g}",
    }
    return png_with_provenance(pixels, facts)
