"""The small pictures and maps that the page over a set shows."""

from __future__ import annotations

import base64

import numpy as np

from attnviz.analysis.explanation import Explanation
from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.jpeg import jpeg
from attnviz.render.focus import focus_map
from attnviz.types import FloatArray

_SIDE = 96  # pixels of a small picture's longer side
_GRID = 24  # of its focus


ShownFocus = tuple[int, int, str]
"""Rows, columns, and the focus, uint8 [rows, columns], 255 where sharp; in base64."""
ShownPicture = tuple[str, int, int, str]
"""A JPEG in base64, and the parts of a `ShownFocus`."""


def shown_picture(found: Explanation) -> ShownPicture:
    """Return what a page shows of a picture: itself, and the focus by the best layer, both small.

    Parameters
    ----------
    found
        Its explanation.

    Returns
    -------
    tuple
        See `ShownPicture`.
    """
    small = jpeg(found.picture.reduced(_SIDE).pixels, quality=80)
    return _text(small), *shown_focus(found.map_of(found.best_layer), found.geometry)


def shown_focus(values: FloatArray, geometry: PictureGeometry) -> ShownFocus:
    """Return the focus that a map gives, small; see `ShownFocus`."""
    focus = focus_map(values, geometry.reduced(_GRID)).values
    grey = np.rint(focus * 255).astype(np.uint8)
    rows, columns = grey.shape
    return rows, columns, _text(grey.tobytes())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
