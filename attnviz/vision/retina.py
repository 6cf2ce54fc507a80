"""The eye's resolution by eccentricity, and the size of a degree on the screen.

Contrast threshold of Geisler & Perry, "A real-time foveated multiresolution system for
low-bandwidth video communication" (SPIE 3299, 1998). It tells what information is lost, not how it
looks: peripheral vision does not appear blurred to its owner, but it resolves no more than this.
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
    """Raise VisionError for the first value that is not a finite number above zero."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise VisionError(f"The {name} is {value:g}, but it must be a number above zero.")


@dataclass(frozen=True)
class ViewingGeometry:
    """Size of a degree of visual angle on the screen.

    Attributes
    ----------
    pixels_per_degree : float
        Straight ahead; 35 and 38 are usual in experiments.

    Raises
    ------
    VisionError
        If it is not above zero.
    """

    pixels_per_degree: float = 35.0

    def __post_init__(self) -> None:
        check_positive({"number of pixels per degree": self.pixels_per_degree})

    @classmethod
    def of_screen(cls, *, distance_cm: float, width_cm: float, width_px: int) -> ViewingGeometry:
        """Compute it from viewing distance and screen size.

        Parameters
        ----------
        distance_cm, width_cm : float
            Viewing distance and width of the screen, in centimetres.
        width_px : int
            Width of the screen in pixels.

        Raises
        ------
        VisionError
            If one is not above zero.
        """
        check_positive(
            {
                "viewing distance": distance_cm,
                "width of the screen in centimetres": width_cm,
                "width of the screen in pixels": width_px,
            }
        )
        return cls(2 * distance_cm * HALF_DEGREE * width_px / width_cm)

    def degrees(self, pixels: npt.ArrayLike) -> DoubleArray:
        """Eccentricity in degrees of points so many pixels from the fixation."""
        tangent = np.asarray(pixels, dtype=np.float64) * (2 * HALF_DEGREE / self.pixels_per_degree)
        return np.degrees(np.arctan(tangent))

    def pixels(self, degrees: float) -> float:
        """Distance from the fixation, in pixels, of an eccentricity below 90 degrees."""
        return math.tan(math.radians(degrees)) * self.pixels_per_degree / (2 * HALF_DEGREE)


@dataclass(frozen=True)
class Retina:
    """Contrast threshold `CT0 exp(alpha f (e + e2) / e2)`, and what follows from it.

    Attributes
    ----------
    least_contrast : float
        CT0, the lowest visible contrast of coarse gratings.
    decay : float
        alpha, in degrees.
    half_angle : float
        e2, the half-resolution eccentricity in degrees.
    coarser : float
        1 for a real eye; 4 for one that is four times coarser everywhere, for demonstration.

    Raises
    ------
    VisionError
        If one is not above zero, or `least_contrast` not below 1.
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
                f"The least visible contrast is {self.least_contrast:g}, but it must be "
                "below 1. The measured value is 1/64."
            )

    def threshold(self, frequency: npt.ArrayLike, angle: npt.ArrayLike) -> DoubleArray:
        """Lowest visible contrast of a grating; above 1 it is not visible at all.

        Parameters
        ----------
        frequency : float
            In cycles per degree.
        angle : float
            Eccentricity in degrees; broadcasts with `frequency`.

        Returns
        -------
        float64
        """
        exponent = self.decay * self.coarser * np.asarray(frequency, dtype=np.float64)
        outward = (np.asarray(angle, dtype=np.float64) + self.half_angle) / self.half_angle
        return self.least_contrast * np.exp(exponent * outward)

    def finest(self, angle: npt.ArrayLike) -> DoubleArray:
        """Finest visible grating in cycles per degree at an eccentricity (threshold 1)."""
        foveal_limit = math.log(1 / self.least_contrast) / (self.decay * self.coarser)
        outward = (np.asarray(angle, dtype=np.float64) + self.half_angle) / self.half_angle
        return np.asarray(foveal_limit / outward, dtype=np.float64)

    def sharp_angle(self, viewing: ViewingGeometry) -> float:
        """Eccentricity in degrees up to which the eye resolves the screen's pixels (Nyquist).

        0 where the eye is coarser than the screen even at the centre of gaze.
        """
        nyquist = viewing.pixels_per_degree / 2
        return max(0.0, self.half_angle * (float(self.finest(0.0)) / nyquist - 1))


class RetinalZone(NamedTuple):
    """A round zone of the retina, by its diameter in degrees of visual angle."""

    name: str
    degrees: float

    def radius(self, viewing: ViewingGeometry) -> float:
        """Radius on the screen, in pixels."""
        return viewing.pixels(self.degrees / 2)


# Anatomical terms; foveola and fovea as in the CIE's lighting vocabulary (17-22-006).
# Psychologists often call the middle two degrees the fovea.
ZONES = (
    RetinalZone("foveola", 1.0),
    RetinalZone("fovea", 5.0),
    RetinalZone("parafovea", 8.0),
    RetinalZone("macula", 17.0),
)
