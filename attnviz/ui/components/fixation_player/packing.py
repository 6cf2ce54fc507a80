"""The data that the player's browser side receives: a picture and its fixations.

A blob (see `viewer.blob`) with the arrays ``photo``, JPEG, and ``density``, PNG with alpha. The
header is ``{"id", "name", "size": [h, w], "note", "viewers": [{"x", "y", "ms"}, ...]}``, x and y in
pixels of the original file, whose size is ``size``.
"""

from __future__ import annotations

import cv2
import numpy as np

from attnviz.metrics.fixations import FixatedPicture
from attnviz.pictures import Picture
from attnviz.pictures.jpeg import jpeg
from attnviz.render.heat import colour_table
from attnviz.types import DoubleArray
from attnviz.viewer.blob import content_id, pack_blob

# More would be indistinguishable on screen; scores use all of them.
MOST_VIEWERS, MOST_EACH = 60, 200
SHOWN_SIDE = 1000


def pack(looked: FixatedPicture, picture: Picture, density: DoubleArray) -> bytes:
    """Pack a picture and the fixations on it.

    Parameters
    ----------
    looked : FixatedPicture
        File, size in pixels, and fixations of each viewer.
    picture : Picture
        The picture itself.
    density : float64 [h, w]
        Density of all fixations, on any grid that covers the picture.

    Returns
    -------
    bytes
        The blob; deterministic.
    """
    shown = looked.observers[:MOST_VIEWERS]
    viewers = [
        {
            "x": np.round(viewer.x[:MOST_EACH], 1).tolist(),
            "y": np.round(viewer.y[:MOST_EACH], 1).tolist(),
            "ms": np.round(viewer.ms[:MOST_EACH]).tolist(),
        }
        for viewer in shown
    ]
    header = {
        "name": looked.name,
        "size": list(looked.size),
        "viewers": viewers,
        "note": _note(looked),
    }
    pictures = {
        "photo": jpeg(picture.reduced(SHOWN_SIDE).pixels, 88),
        "density": _density_png(density),
    }
    return pack_blob({"id": content_id(header, pictures), **header}, pictures)


def _note(looked: FixatedPicture) -> str:
    note = "A circle's area goes with how long the fixation lasted; jumps take no time."
    if not any(viewer.ms.any() for viewer in looked.observers):
        note = "How long fixations lasted was not measured: each is played for a quarter second."
    if len(looked.observers) > MOST_VIEWERS or any(len(v.x) > MOST_EACH for v in looked.observers):
        note += f" The first {MOST_EACH} fixations of the first {MOST_VIEWERS} viewers are drawn."
    return note


def _density_png(density: DoubleArray) -> bytes:
    """Return the density in colour, transparent where it is 0, as PNG."""
    share = density / max(float(density.max()), 1e-300)
    colours = colour_table("inferno")[np.rint(share * 255).astype(np.uint8)]
    alpha = np.rint(255 * 0.85 * np.sqrt(share)).astype(np.uint8)
    done, coded = cv2.imencode(".png", np.dstack([colours[..., ::-1], alpha]))
    if not done:
        raise RuntimeError("OpenCV could not write a PNG")
    return bytes(coded.tobytes())
