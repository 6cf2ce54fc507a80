"""The small pictures and maps that the page over a set shows."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np

from attnviz.analysis.explanation import Explanation
from attnviz.batch.small_copies import small_copy
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.jpeg import jpeg
from attnviz.render.focus import focus_map
from attnviz.types import FloatArray

QUALITY = 80  # of JPEG
_SIDE = 96  # pixels of a small picture's longer side
_GRID = 24  # of its focus


ShownFocus = tuple[int, int, str]
"""Rows, columns, and the focus, uint8 [rows, columns], 255 where sharp; in base64."""
ShownPicture = tuple[str, int, int, str]
"""A JPEG in base64, and the parts of a `ShownFocus`."""


@dataclass(frozen=True)
class TinyCopy:
    """A small copy of a picture.

    Attributes
    ----------
    jpeg
        Its file.
    side
        Pixels of its longer side.
    """

    jpeg: bytes
    side: int

    @classmethod
    def of(cls, picture: Picture) -> TinyCopy:
        """Make it."""
        pixels = small_copy(picture.pixels, _SIDE)
        return cls(jpeg(pixels, QUALITY), max(pixels.shape[:2]))

    @property
    def bytes_per_pixel(self) -> float:
        """Of a square on its longer side; of larger copies fewer."""
        return len(self.jpeg) / float(self.side**2)


def shown_picture(found: Explanation, small: TinyCopy) -> ShownPicture:
    """Return what a page shows of a picture: itself, and the focus by the best layer, both small.

    Parameters
    ----------
    found
        Its explanation.
    small
        Of its picture.

    Returns
    -------
    tuple
        See `ShownPicture`.
    """
    return _text(small.jpeg), *shown_focus(found.map_of(found.best_layer), found.geometry)


def shown_focus(values: FloatArray, geometry: PictureGeometry) -> ShownFocus:
    """Return the focus that a map gives, small; see `ShownFocus`."""
    focus = focus_map(values, geometry.reduced(_GRID)).values
    grey = np.rint(focus * 255).astype(np.uint8)
    rows, columns = grey.shape
    return rows, columns, _text(grey.tobytes())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
