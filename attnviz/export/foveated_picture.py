"""The foveated picture: a photo as an eye would sample it that rests on a few places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from attnviz.pictures import Picture
from attnviz.types import Pixels
from attnviz.vision.foveation import foveate
from attnviz.vision.retina import Retina, ViewingGeometry


@dataclass(frozen=True, kw_only=True)
class Foveation:
    """How an eye looks at a picture.

    Attributes
    ----------
    fixations : tuple of (float, float)
        (y, x) in 0..1.
    viewing : ViewingGeometry
        Pixels of the picture per degree of visual angle.
    retina : Retina
        The retina that samples the picture.
    distance_cm : float
        Distance of the eye from the screen.
    path : str
        Title of the map that led the gaze; empty for a person.
    """

    fixations: tuple[tuple[float, float], ...]
    viewing: ViewingGeometry
    retina: Retina
    distance_cm: float
    path: str = ""

    def scaled(self, factor: float) -> Self:
        """Return the same for a copy of the picture that is `factor` times as wide and high."""
        return replace(self, viewing=ViewingGeometry(self.viewing.pixels_per_degree * factor))

    def pixels(self, picture: Picture) -> Pixels:
        """Render a picture, uint8 [H, W, 3] at its own size."""
        height, width = picture.pixels.shape[:2]
        places = [(y * height, x * width) for y, x in self.fixations]
        return foveate(picture.pixels, places, self.viewing, self.retina)

    def provenance(self, picture: Picture) -> dict[str, str]:
        """Everything that decides how a picture looks."""
        retina = self.retina
        places = (f"x {100 * x:.1f} %, y {100 * y:.1f} %" for y, x in self.fixations)
        return {
            "picture": picture.name,
            "picture sha256": picture.sha256,
            "made by": "foveation (Geisler & Perry 1998)",
            "fixations": "; ".join(places),
            "gaze led by": self.path or "the viewer",
            "viewing distance cm": f"{self.distance_cm:g}",
            "pixels per degree": f"{self.viewing.pixels_per_degree:.2f}",
            "coarser than a human eye": f"{retina.coarser:g}",
            "least contrast": f"{retina.least_contrast:.6g}",
            "decay": f"{retina.decay:g}",
            "half angle degrees": f"{retina.half_angle:g}",
        }


@dataclass(frozen=True, eq=False)
class FoveatedPicture:
    """A picture as an eye sees it.

    Attributes
    ----------
    picture : Picture
        At the size in which it is saved.
    foveation : Foveation
        How the eye looks at it.
    """

    picture: Picture
    foveation: Foveation

    def pixels(self) -> Pixels:
        """Render it, uint8 [H, W, 3]."""
        return self.foveation.pixels(self.picture)

    def provenance(self) -> dict[str, str]:
        """Everything that decides how it looks."""
        return self.foveation.provenance(self.picture)
