"""Everything that the browser needs of a picture and its maps, as one run of bytes.

    u32 length of the header, little-endian | header, JSON | photo, JPEG | maps, zlib

The photo is left out where the browser has it: the header names it, in any case, by its `id`.
Each part begins at a multiple of four bytes. Maps are stored with the true range of each layer: as
uint8 where 256 steps are enough, else as float16. Python's bytes inside a dict would arrive as
text, and typed arrays that are not aligned cannot be read, hence one blob of our own.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from attnviz.export.jpeg import jpeg
from attnviz.render.focus import FLAT_FOCUS, is_flat
from attnviz.types import Pixels
from attnviz.ui.components.viewer.content import Content, Layer

LONGEST_SIDE = 1600
MATTE_SIDE = 320
_QUALITY = 90
_VERSION = 1
# 8 bits are enough as long as half of a map's cells do not share the lowest 5 % of its range.
_CROWDED = 0.05


@dataclass(frozen=True)
class Payload:
    """A packed content: `id` is a hash of all that is drawn; `header` is without a view."""

    id: str
    header: Mapping[str, Any]
    photo: bytes
    maps: bytes

    @property
    def photo_id(self) -> str:
        """A hash of the photo alone."""
        return str(self.header["photo"]["id"])

    def to_bytes(self, view: Mapping[str, Any], view_id: str, *, photo: bool = True) -> bytes:
        """The blob, with the view to begin with; the browser adopts it when `view_id` changes.

        photo: whether to send it along; if not, the browser must have it.
        """
        sent = self.photo if photo else b""
        header = {
            **self.header,
            "photo": {**self.header["photo"], "bytes": len(sent)},
            "id": self.id,
            "view": dict(view),
            "viewId": view_id,
        }
        text = json.dumps(header, separators=(",", ":")).encode()
        parts = (_padded(text, b" "), _padded(sent), _padded(self.maps))
        return struct.pack("<I", len(parts[0])) + b"".join(parts)


def pack(content: Content) -> Payload:
    """Pack a picture (shrunk to 1600 px at most) and its maps.

    Deterministic: the same content gives the same bytes and the same id.
    """
    photo = jpeg(_shrunk(content.pixels, LONGEST_SIDE), _QUALITY)
    blocks: list[bytes] = []
    layers = [_packed_layer(layer, content.span, blocks) for layer in content.layers]
    mattes = _packed_mattes(content, blocks)
    maps = zlib.compress(b"".join(blocks), 6)
    height, width = content.pixels.shape[:2]
    top, left, bottom, right = content.geometry.box
    header = {
        "version": _VERSION,
        "photo": {
            "bytes": len(photo),
            "height": height,
            "width": width,
            "id": hashlib.sha256(photo).hexdigest()[:32],
        },
        "point": None if content.point is None else dict(zip("xy", content.point, strict=True)),
        "maps": {"bytes": len(maps)},
        "box": [top / height, left / width, bottom / height, right / width],
        "layers": layers,
        "mattes": mattes,
        "title": content.title,
        "legend": content.legend,
        "noun": content.noun,
        "quiet": content.quiet,
        "times": None if content.times is None else [float(one) for one in content.times],
        "shares": content.shares,
    }
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    digest.update(photo)
    digest.update(maps)
    return Payload(digest.hexdigest()[:32], header, photo, maps)


def _packed_layer(
    layer: Layer, span: tuple[float, float] | None, blocks: list[bytes]
) -> dict[str, Any]:
    """Append a layer's values to the blocks and describe them."""
    values = np.maximum(np.asarray(layer.values, np.float32), 0)  # evidence against counts as 0
    low, high = float(values.min()), float(values.max())
    share = (values - low) / (high - low) if high > low else np.full_like(values, FLAT_FOCUS)
    crowded = bool(np.median(share) < _CROWDED and high > low)
    if crowded:
        raw, bits = share.astype("<f2").tobytes(), 16
    else:
        raw, bits = np.rint(share * 255).astype(np.uint8).tobytes(), 8
    entry = {
        "name": layer.name,
        "rows": values.shape[0],
        "columns": values.shape[1],
        "low": low,
        "high": high,
        "mean": float(values.mean()),
        "span": None if span is None else [max(float(end), 0.0) for end in span],
        "flat": is_flat(values),
        "fused": layer.fused,
        "note": layer.note,
        "bits": bits,
        "at": _append(raw, blocks),
    }
    return entry


def _packed_mattes(content: Content, blocks: list[bytes]) -> dict[str, Any] | None:
    if content.mattes is None:
        return None
    height, width = content.pixels.shape[:2]
    scale = min(1.0, MATTE_SIDE / max(height, width))
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    places = []
    for matte in content.mattes:
        small = cv2.resize(matte, (columns, rows), interpolation=cv2.INTER_AREA)
        places.append(
            _append(np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8).tobytes(), blocks)
        )
    return {"rows": rows, "columns": columns, "at": places}


def _append(raw: bytes, blocks: list[bytes]) -> int:
    """Add a block, padded to four bytes; where it begins."""
    start = sum(map(len, blocks))
    blocks.append(_padded(raw))
    return start


def _padded(raw: bytes, filler: bytes = b"\0") -> bytes:
    return raw + filler * (-len(raw) % 4)


def _shrunk(pixels: Pixels, longest: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
