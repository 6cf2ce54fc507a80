"""A photograph of a real retina, measured: where fovea and optic disc lie in it, and its scale.

It is scikit-image's `retina`: "Fundus photograph of normal left eye" by Mikael Häggström, CC0. The
file comes with scikit-image and nothing is downloaded. Positions were read off the photograph. Its
scale follows from one of them, the disc's middle at 15.5 degrees from the fovea; the round field
then is 43 degrees wide, and fundus cameras take 45 or so.
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
    """Places in the photograph as an examiner sees it, in its own pixels, and its scale.

    side: it is square. radius: of the round field. fovea, disc: (y, x) of their middles.
    disc_size: (height, width).
    """

    side: int = 1411
    radius: float = 694.0
    fovea: tuple[float, float] = (698.0, 712.0)
    disc: tuple[float, float] = (653.0, 215.0)
    disc_size: tuple[float, float] = (197.0, 190.0)

    @property
    def pixels_per_degree(self) -> float:
        """From the distance between fovea and disc."""
        return math.dist(self.fovea, self.disc) / math.hypot(OPTIC_DISC.right, OPTIC_DISC.up)


FUNDUS = Fundus()


def fundus_photo() -> Picture | None:
    """The photograph, or None where scikit-image is installed without its file.

    Raises PictureError if the file is damaged.
    """
    return open_installed("skimage", "data/retina.jpg")
