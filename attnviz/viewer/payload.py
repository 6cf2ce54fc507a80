"""The data that the viewer's browser side receives: a photo and the maps of all layers.

A blob (see `viewer.blob`) with two arrays: ``photo``, a JPEG, or those of all frames of a video one
behind another (the header gives their lengths), empty if the browser has it already (the header
gives its ``id``), and ``maps``, a second blob compressed by zlib. That one holds an
array for each layer, as shares of the layer's range in uint8, or in float16 if 256 steps are too
few, and one for each matte.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from attnviz.pictures.jpeg import jpeg
from attnviz.render.focus import FLAT_FOCUS, is_flat
from attnviz.types import AnyArray, Pixels
from attnviz.viewer.blob import content_id, pack_blob
from attnviz.viewer.content import Content, Layer

LONGEST_SIDE = 1600
MATTE_SIDE = 320
_QUALITY = 90
# 8 bits are too few if half of a map's cells lie in the lowest 5 % of its range.
_CROWDED = 0.05


@dataclass(frozen=True)
class Payload:
    """Packed content: `id` is a hash of everything drawn; `header` lacks the view."""

    id: str
    header: Mapping[str, Any]
    photo: bytes
    maps: bytes

    @property
    def photo_id(self) -> str:
        """Hash of the photo alone."""
        return str(self.header["photo"]["id"])

    def to_bytes(self, view: Mapping[str, Any], view_id: str, *, photo: bool = True) -> bytes:
        """Return the blob.

        Parameters
        ----------
        view : mapping
            Initial values of the controls.
        view_id : str
            The browser adopts `view` when this changes.
        photo : bool
            Whether to include the photo; if not, the browser must have it.

        Returns
        -------
        bytes
            The blob.
        """
        header = {**self.header, "id": self.id, "view": dict(view), "viewId": view_id}
        return pack_blob(header, {"photo": self.photo if photo else b"", "maps": self.maps})


def pack(content: Content, quality: int = _QUALITY) -> Payload:
    """Pack a picture and its maps.

    Parameters
    ----------
    content : Content
        Picture and maps; pictures longer than 1600 px are reduced to that.
    quality : int
        Of the photo's JPEG, 0..100.

    Returns
    -------
    Payload
        Deterministic: equal content gives equal bytes and an equal id.
    """
    frames = content.frames
    photo = b"".join(frames or [jpeg(_shrunk(content.pixels, LONGEST_SIDE), quality)])
    arrays: dict[str, AnyArray | bytes] = {}
    layers = []
    for index, layer in enumerate(content.layers):
        arrays[f"layer {index}"], facts = _packed_layer(layer, content.span)
        layers.append({**facts, "values": f"layer {index}"})
    mattes = _packed_mattes(content)
    arrays.update(mattes)
    maps = zlib.compress(pack_blob({}, arrays), 6)
    height, width = content.pixels.shape[:2]
    top, left, bottom, right = content.geometry.box
    header = {
        "photo": {
            "height": height,
            "width": width,
            "id": hashlib.sha256(photo).hexdigest()[:32],
            "frames": None if frames is None else [len(one) for one in frames],
        },
        "point": None if content.point is None else dict(zip("xy", content.point, strict=True)),
        "box": [top / height, left / width, bottom / height, right / width],
        "layers": layers,
        "mattes": list(mattes) or None,
        "title": content.title,
        "legend": content.legend,
        "noun": content.noun,
        "quiet": content.quiet,
        "times": None if content.times is None else [float(time) for time in content.times],
        "shares": content.shares,
        "name": content.name,
        "folds": content.folds,
    }
    return Payload(content_id(header, {"photo": photo, "maps": maps}), header, photo, maps)


def _packed_layer(
    layer: Layer, span: tuple[float, float] | None
) -> tuple[AnyArray, dict[str, Any]]:
    """Return a layer's values as shares of its range, uint8 or float16, and their description."""
    values = np.maximum(np.asarray(layer.values, np.float32), 0)  # evidence against counts as 0
    low, high = float(values.min()), float(values.max())
    share = (values - low) / (high - low) if high > low else np.full_like(values, FLAT_FOCUS)
    crowded = high > low and _median(share) < _CROWDED
    coded: AnyArray = share.astype("<f2") if crowded else np.rint(share * 255).astype(np.uint8)
    return coded, {
        "name": layer.name,
        "low": low,
        "high": high,
        "mean": float(values.mean()),
        "span": None if span is None else [max(float(end), 0.0) for end in span],
        "flat": is_flat(values),
        "fused": layer.fused,
        "note": layer.note,
        "title": layer.title,
    }


def _median(values: AnyArray) -> float:
    """As `np.median`, which takes ten times as long on a small map."""
    ordered, middle = np.sort(values, axis=None), values.size // 2
    return (float(ordered[middle]) + float(ordered[(values.size - 1) // 2])) / 2


def _packed_mattes(content: Content) -> dict[str, AnyArray | bytes]:
    """Return the mattes at 320 px at most, uint8; empty if there are none."""
    height, width = content.pixels.shape[:2]
    scale = min(1.0, MATTE_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    packed: dict[str, AnyArray | bytes] = {}
    for index, matte in enumerate(content.mattes or ()):
        small = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
        packed[f"matte {index}"] = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    return packed


def _shrunk(pixels: Pixels, longest: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
