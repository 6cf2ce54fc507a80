"""The data that the eye's browser side receives: a picture, a retina, and scanpaths.

A blob (see `viewer.blob`) with the JPEGs ``photo``, ``retina``, and ``map 0``, ``map 1``, ... for
the paths. Without a photograph of a retina that array is empty, and the browser draws one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from attnviz.errors import PictureError
from attnviz.pictures import Picture
from attnviz.pictures.jpeg import jpeg
from attnviz.ui.pages.eye.scanpaths import GazePath
from attnviz.viewer.blob import pack_blob
from attnviz.vision.fundus import CREDIT, FUNDUS, fundus_photo
from attnviz.vision.projection import MM_PER_DEGREE, OPTIC_DISC
from attnviz.vision.retina import ZONES

_FUNDUS_SIDE = 700
DRAWN_RETINA_NOTE = (
    "This retina is drawn: scikit-image is installed here without its photograph of one "
    "(skimage/data/retina.jpg). Sizes and places are the same."
)


def pack(picture: Picture, paths: Sequence[GazePath]) -> bytes:
    """Pack a picture and the scanpaths on it.

    Parameters
    ----------
    picture : Picture
        The picture as displayed.
    paths : sequence of GazePath
        Its scanpaths.

    Returns
    -------
    bytes
        The blob; deterministic.
    """
    retina = retina_jpeg()
    pictures = {
        "photo": jpeg(picture.pixels, 90),
        "retina": retina,
        **{f"map {index}": jpeg(path.overlay, 80) for index, path in enumerate(paths)},
    }
    first = next((path.fixations[0] for path in paths if path.fixations), None)
    header = {
        "photoId": photo_id(picture),
        "title": "The picture as an eye samples it",
        "gaze": {"x": first.x, "y": first.y} if first else {"x": 0.5, "y": 0.5},
        "zones": [zone._asdict() for zone in ZONES],
        "disc": OPTIC_DISC._asdict(),
        "mmPerDegree": MM_PER_DEGREE,
        "fundus": _fundus(),
        "credit": CREDIT if retina else DRAWN_RETINA_NOTE,
        "paths": [_path_header(path) for path in paths],
    }
    return pack_blob(header, pictures)


def photo_id(picture: Picture) -> str:
    """Identify a picture and its size."""
    name = f"{picture.sha256} {picture.pixels.shape}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def retina_jpeg() -> bytes:
    """Read the photograph of a retina at the size of its panel; empty if missing or damaged."""
    try:
        photo = fundus_photo()
    except PictureError:
        photo = None
    if photo is None:
        return b""
    side = (_FUNDUS_SIDE, _FUNDUS_SIDE)
    small = cv2.resize(photo.pixels, side, interpolation=cv2.INTER_AREA)
    return jpeg(np.asarray(small, np.uint8), 88)


def _fundus() -> dict[str, Any]:
    return {
        "side": FUNDUS.side,
        "radius": FUNDUS.radius,
        "fovea": FUNDUS.fovea,
        "disc": {"at": FUNDUS.disc, "size": FUNDUS.disc_size},
        "perDegree": FUNDUS.pixels_per_degree,
    }


def _path_header(path: GazePath) -> dict[str, Any]:
    stops = [
        {"x": round(one.x, 5), "y": round(one.y, 5), "strength": round(one.strength, 4),
         "ms": round(one.ms, 2)}
        for one in path.fixations
    ]  # fmt: skip
    return {"title": path.title, "note": path.note, "refused": path.refused, "stops": stops}
