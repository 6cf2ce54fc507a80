"""The small pictures and maps that the page over a set shows, in scripts that a page can load."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import numpy as np

from attnviz.analysis.explanation import Explanation
from attnviz.pictures.jpeg import jpeg
from attnviz.render.focus import focus_map

_SIDE = 96  # pixels of a small picture's longer side
_GRID = 24  # of its focus


ShownPicture = tuple[str, int, int, str]
"""A JPEG, rows, columns, and the focus, uint8 [rows, columns], 255 where sharp; in base64."""


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
    focus = focus_map(found.map_of(found.best_layer), found.geometry.reduced(_GRID)).values
    grey = np.rint(focus * 255).astype(np.uint8)
    small = jpeg(found.picture.reduced(_SIDE).pixels, quality=80)
    return _text(small), *grey.shape, _text(grey.tobytes())


def shown_script(number: int, pictures: Sequence[ShownPicture | None]) -> str:
    """Return the script of a part, because a page opened from a disk reads no other files.

    Parameters
    ----------
    number
        Of the part.
    pictures
        From `shown_picture`, in order; None where there is nothing to show.

    Returns
    -------
    str
        A call of `attnvizPart`.
    """
    return f"attnvizPart({number}, {json.dumps(pictures)});\n"


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
