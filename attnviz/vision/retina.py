"""How finely the eye sees, by the angle from where it looks, and how large a degree is on screen.

Contrast threshold of Geisler & Perry, "A real-time foveated multiresolution system for
low-bandwidth video communication" (SPIE 3299, 1998). It tells what is lost, not what it looks
like: to its owner the edge of sight does not look blurred, but it holds no more than this.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.errors import VisionError
from attnviz.types import DoubleArray

HALF_DEGREE = math.tan(math.radians(0.5))


def check_positive(values: Mapping[str, float]) -> None:
    """Raises VisionError for the first value that is not a finite number above zero."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise VisionError(f"The {name} is {value:g}, but it must be a number above zero.")


@dataclass(frozen=True)
class ViewingGeometry:
    """How large a degree of the visual field is on the screen.

    pixels_per_degree: straight before the eye; 35 and 38 are usual in experiments.

    Raises VisionError unless it is a number above zero.
    """

    pixels_per_degree: float = 35.0

    def __post_init__(self) -> None:
        check_positive({"number of pixels per degree": self.pixels_per_degree})

    @classmethod
    def of_screen(cls, *, distance_cm: float, width_cm: float, width_px: int) -> ViewingGeometry:
        """From the eye's distance and the screen's width; raises VisionError if one is not > 0."""
        check_positive(
            {
                "viewing distance": distance_cm,
                "width of the screen in centimetres": width_cm,
                "width of the screen in pixels": width_px,
            }
        )
        return cls(2 * distance_cm * HALF_DEGREE * width_px / width_cm)

    def degrees(self, pixels: npt.ArrayLike) -> DoubleArray:
        """The angle, in degrees, of points so many pixels from the one looked at."""
        tangent = np.asarray(pixels, dtype=np.float64) * (2 * HALF_DEGREE / self.pixels_per_degree)
        return np.degrees(np.arctan(tangent))

    def pixels(self, degrees: float) -> float:
        """How far from the point looked at an angle below 90 degrees reaches, in pixels."""
        return math.tan(math.radians(degrees)) * self.pixels_per_degree / (2 * HALF_DEGREE)


@dataclass(frozen=True)
class Retina:
    """The eye's contrast threshold `CT0 exp(alpha f (e + e2) / e2)`, and what follows from it.

    least_contrast: CT0, the least visible contrast of coarse gratings. decay: alpha, in degrees.
    half_angle: e2, the angle in degrees at which the finest visible detail is twice as coarse.
    coarser: 1 for an eye; 4 for one that is four times coarser everywhere, to make it show.

    Raises VisionError unless all are above zero, and `least_contrast` below 1.
    """

    least_contrast: float = 1 / 64
    decay: float = 0.106
    half_angle: float = 2.3
    coarser: float = 1.0

    def __post_init__(self) -> None:
        check_positive(
            {
                "least visible contrast": self.least_contrast,
                "decay with frequency": self.decay,
                "angle of half resolution": self.half_angle,
                "exaggeration": self.coarser,
            }
        )
        if self.least_contrast >= 1:
            raise VisionError(
                f"The least visible contrast is {self.least_contrast:g}, but an eye that sees "
                "anything has one below 1. The measured value is 1/64."
            )

    def threshold(self, frequency: npt.ArrayLike, angle: npt.ArrayLike) -> DoubleArray:
        """Least visible contrast of a grating; above 1 it is not visible at all.

        frequency: in cycles per degree. angle: degrees from the point looked at. They broadcast.
        """
        slope = self.decay * self.coarser * np.asarray(frequency, dtype=np.float64)
        outward = (np.asarray(angle, dtype=np.float64) + self.half_angle) / self.half_angle
        return self.least_contrast * np.exp(slope * outward)

    def finest(self, angle: npt.ArrayLike) -> DoubleArray:
        """The finest visible grating, in cycles per degree, `angle` degrees off: threshold 1."""
        best = math.log(1 / self.least_contrast) / (self.decay * self.coarser)
        outward = (np.asarray(angle, dtype=np.float64) + self.half_angle) / self.half_angle
        return np.asarray(best / outward, dtype=np.float64)

    def sharp_angle(self, viewing: ViewingGeometry) -> float:
        """Degrees within which the eye sees all that the screen can show (its pixels' Nyquist).

        0 where the eye is coarser than the screen even in the middle of its view.
        """
        nyquist = viewing.pixels_per_degree / 2
        return max(0.0, self.half_angle * (float(self.finest(0.0)) / nyquist - 1))


class RetinalZone(NamedTuple):
    """A round part of the retina, by its diameter in degrees of the visual field."""

    name: str
    degrees: float

    def radius(self, viewing: ViewingGeometry) -> float:
        """Its radius on the screen, in pixels."""
        return viewing.pixels(self.degrees / 2)


# Anatomical use of the words; foveola and fovea as in the CIE's lighting vocabulary (17-22-006).
# Psychologists often call the middle two degrees the fovea.
ZONES = (
    RetinalZone("foveola", 1.0),
    RetinalZone("fovea", 5.0),
    RetinalZone("parafovea", 8.0),
    RetinalZone("macula", 17.0),
)
