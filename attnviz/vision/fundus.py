"""A fundus photograph with the positions of fovea and optic disc, and its scale.

It is scikit-image's `retina`: "Fundus photograph of normal left eye" by Mikael Häggström, CC0. The
file is part of scikit-image; nothing is downloaded. Positions were read off the photograph. Its
scale follows from one of them, the disc's centre at 15.5 degrees from the fovea; the round field is
then 43 degrees wide, and fundus cameras take about 45.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from attnviz.pictures.picture import Picture
from attnviz.pictures.samples import open_installed
from attnviz.vision.projection import OPTIC_DISC

CREDIT = (
    "Retina: Mikael Häggström, Fundus photograph of normal left eye, CC0. Comes with scikit-image."
)


class Fundus(NamedTuple):
    """Positions in the photograph, as an examiner sees it, in its own pixels.

    Attributes
    ----------
    side : int
        The photograph is square.
    radius : float
        Of the round field.
    fovea, disc : (float, float)
        (y, x) of their centres.
    disc_size : (float, float)
        Height and width.
    """

    side: int = 1411
    radius: float = 694.0
    fovea: tuple[float, float] = (698.0, 712.0)
    disc: tuple[float, float] = (653.0, 215.0)
    disc_size: tuple[float, float] = (197.0, 190.0)

    @property
    def pixels_per_degree(self) -> float:
        """Scale, from the distance between fovea and disc."""
        return math.dist(self.fovea, self.disc) / math.hypot(OPTIC_DISC.right, OPTIC_DISC.up)


FUNDUS = Fundus()


def fundus_photo() -> Picture | None:
    """Open the photograph; None where scikit-image is installed without its file.

    Raises
    ------
    PictureError
        If the file is damaged.
    """
    return open_installed("skimage", "data/retina.jpg")
