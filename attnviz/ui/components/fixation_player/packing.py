"""A picture with its viewers as one blob of bytes for the browser.

`u32 length (little-endian) | header, JSON | photo, JPEG | density, PNG with alpha`. The header is
`{"id", "name", "size": [h, w], "photo": bytes, "note", "viewers": [{"x", "y", "ms"}, ...]}`, x and
y in pixels of `size`, which is the picture file's own.
"""

from __future__ import annotations

import hashlib
import json
import struct

import cv2
import numpy as np

from attnviz.export.jpeg import jpeg
from attnviz.metrics.fixations import FixatedPicture
from attnviz.pictures import Picture
from attnviz.render.heat import colour_table
from attnviz.types import DoubleArray

# More than these are not to be told apart on a screen; scores count all of them.
MOST_VIEWERS, MOST_EACH = 60, 200
SHOWN_SIDE = 1000


def pack(looked: FixatedPicture, picture: Picture, density: DoubleArray) -> bytes:
    """What the stage shows of one picture; the same gives the same bytes.

    density: of all fixations, float64 [h, w], on any grid that covers the picture.
    """
    shown = looked.observers[:MOST_VIEWERS]
    viewers = [
        {
            "x": np.round(one.x[:MOST_EACH], 1).tolist(),
            "y": np.round(one.y[:MOST_EACH], 1).tolist(),
            "ms": np.round(one.ms[:MOST_EACH]).tolist(),
        }
        for one in shown
    ]
    photo, veil = jpeg(picture.reduced(SHOWN_SIDE).pixels, 88), _veil(density)
    header = {
        "name": looked.name,
        "size": list(looked.size),
        "photo": len(photo),
        "viewers": viewers,
        "note": _note(looked),
    }
    digest = hashlib.sha256(json.dumps(header).encode() + photo + veil).hexdigest()
    coded = json.dumps({"id": digest[:16], **header}, separators=(",", ":")).encode()
    return struct.pack("<I", len(coded)) + coded + photo + veil


def _note(looked: FixatedPicture) -> str:
    said = "A circle's area goes with how long the fixation lasted; jumps between take no time."
    if not any(one.ms.any() for one in looked.observers):
        said = "How long fixations lasted was not measured: each is played for a quarter second."
    if len(looked.observers) > MOST_VIEWERS or any(len(v.x) > MOST_EACH for v in looked.observers):
        said += f" The first {MOST_EACH} fixations of the first {MOST_VIEWERS} viewers are drawn."
    return said


def _veil(density: DoubleArray) -> bytes:
    """The density in colour, clear where nobody looked, as PNG."""
    share = density / max(float(density.max()), 1e-300)
    colours = colour_table("inferno")[np.rint(share * 255).astype(np.uint8)]
    alpha = np.rint(255 * 0.85 * np.sqrt(share)).astype(np.uint8)
    done, coded = cv2.imencode(".png", np.dstack([colours[..., ::-1], alpha]))
    if not done:
        raise RuntimeError("OpenCV could not write a PNG")
    return bytes(coded.tobytes())
