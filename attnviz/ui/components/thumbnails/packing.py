"""Thumbnails, and the one blob of bytes in which they travel to the browser.

Streamlit hands bytes inside a dictionary to the browser as their Python text, so names and pictures
share one blob: `u32 length (little-endian) | header (JSON, UTF-8) | JPEG | JPEG | ...`. The header
is `{"id", "chosen", "items": [{"key", "name", "start", "size"}, ...]}`, where start counts from the
end of the header, and id is a hash of keys, names and pictures: the browser makes its pictures anew
only when it changes.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from attnviz.export.jpeg import jpeg
from attnviz.types import Pixels

# Shown at 80 CSS px; screens of twice the density get all their pixels.
SIDE = 160
_QUALITY = 80


@dataclass(frozen=True)
class Thumbnail:
    """One picture of the row.

    key: what a click answers with. name: shown as it is, never read as markup. jpeg: the picture,
    as `thumbnail_jpeg` makes it.
    """

    key: str
    name: str
    jpeg: bytes


def thumbnail_jpeg(pixels: Pixels) -> bytes:
    """The middle square of uint8 [H, W, 3] RGB, at most 160 px a side, as JPEG bytes."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    if side > SIDE:
        square = np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    return jpeg(square, _QUALITY)


def pack(items: Sequence[Thumbnail], chosen: str) -> bytes:
    """The row as one blob; the same row and choice give the same bytes.

    Raises:
        ValueError: two items have the same key, or `chosen` is none of them.
    """
    keys = [item.key for item in items]
    if len(set(keys)) != len(keys):
        raise ValueError("Two thumbnails of a row have the same key.")
    if chosen not in keys:
        raise ValueError(f"The chosen thumbnail {chosen!r} is not in the row.")
    digest, entries, start = hashlib.sha256(), [], 0
    for item in items:
        entries.append({"key": item.key, "name": item.name, "start": start, "size": len(item.jpeg)})
        start += len(item.jpeg)
        digest.update(json.dumps([item.key, item.name, len(item.jpeg)]).encode())
        digest.update(item.jpeg)
    header = json.dumps({"id": digest.hexdigest()[:16], "chosen": chosen, "items": entries})
    coded = header.encode()
    return b"".join([struct.pack("<I", len(coded)), coded, *(item.jpeg for item in items)])
