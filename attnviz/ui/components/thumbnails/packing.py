"""Thumbnails, and the data that their browser side receives.

A blob (see `viewer.blob`) with a JPEG ``thumbnail 0``, ``thumbnail 1``, ... for each. The header is
``{"id", "chosen", "items": [{"key", "name"}, ...]}``; ``id`` is a hash of keys, names and pictures,
and the browser rebuilds its pictures only when it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from attnviz.pictures.jpeg import jpeg
from attnviz.types import Pixels
from attnviz.viewer.blob import content_id, pack_blob

# Shown at 80 CSS px; twice that for high-density screens.
SIDE = 160
_QUALITY = 80


@dataclass(frozen=True)
class Thumbnail:
    """One picture of the row.

    Attributes
    ----------
    key : str
        Returned when the thumbnail is clicked.
    name : str
        Shown as plain text.
    jpeg : bytes
        The picture, as `thumbnail_jpeg` makes it.
    """

    key: str
    name: str
    jpeg: bytes


def thumbnail_jpeg(pixels: Pixels) -> bytes:
    """Return the middle square of a picture as JPEG.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture, sRGB.

    Returns
    -------
    bytes
        JPEG, at most 160 px a side.
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    if side > SIDE:
        square = np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    return jpeg(square, _QUALITY)


def pack(items: Sequence[Thumbnail], chosen: str) -> bytes:
    """Pack a row of thumbnails.

    Parameters
    ----------
    items : sequence of Thumbnail
        In the order of the row.
    chosen : str
        Key of the outlined thumbnail; empty for none.

    Returns
    -------
    bytes
        The blob; deterministic.

    Raises
    ------
    ValueError
        If two items have the same key, or `chosen` is given and none has it.
    """
    keys = [item.key for item in items]
    if len(set(keys)) != len(keys):
        raise ValueError("Two thumbnails of a row have the same key.")
    if chosen and chosen not in keys:
        raise ValueError(f"The chosen thumbnail {chosen!r} is not in the row.")
    entries = [{"key": item.key, "name": item.name} for item in items]
    pictures = {f"thumbnail {index}": item.jpeg for index, item in enumerate(items)}
    row_id = content_id({"items": entries}, pictures)
    return pack_blob({"id": row_id, "chosen": chosen, "items": entries}, pictures)
