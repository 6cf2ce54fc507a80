"""What the viewer on the page over a set is sent of a picture: bounded bytes, whatever its size."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from attnviz.analysis.explanation import Explanation
from attnviz.pictures import Picture
from attnviz.pictures.jpeg import jpeg
from attnviz.types import FloatArray
from attnviz.viewer.content import Content, Layer, content_of
from attnviz.viewer.payload import pack
from attnviz.viewer.view import View

MOST_BYTES = 2**30
"""Of all pictures of a set together, as the page holds them."""
_LARGEST, _SMALLEST = 64_000, 6_000  # bytes of one picture
_LAYERS = 12
_GRID = 24  # cells of a map's longer side
_LARGEST_SIDE, _SMALLEST_SIDE = 640, 60  # pixels of a picture's longer side
_TINY = 64
_STEP = 0.8
_BASE64 = 4 / 3
_QUALITY = 80


def live_bytes(count: int) -> int:
    """Return how many bytes each of `count` pictures may take; the more there are, the fewer."""
    return min(_LARGEST, max(_SMALLEST, MOST_BYTES // max(count, 1)))


def live_count(count: int) -> int:
    """Return of how many of `count` pictures, from the first, the viewer is sent anything."""
    return min(count, MOST_BYTES // live_bytes(count))


def live_picture(found: Explanation, most: int) -> bytes:
    """Pack a picture and its maps for the viewer.

    Parameters
    ----------
    found
        Its explanation.
    most
        From `live_bytes`. The picture is made smaller until all fits, in base64; where nothing
        else helps, only the best layer is left.

    Returns
    -------
    bytes
        A blob (`attnviz.viewer.blob`), compressed by zlib. Maps have at most 24 cells a side, in 8
        bits; of more than 12 layers some are left out, evenly, but never the best one.
    """
    room = int(most / _BASE64)
    content = content_of(found)
    content = replace(content, layers=_chosen(content.layers, found.best_layer))
    side = min(_LARGEST_SIDE, math.sqrt(room / _bytes_per_pixel(found.picture)))
    while side > _SMALLEST_SIDE:
        packed = _packed(content, found, round(side))
        if len(packed) <= room:
            return packed
        side *= _STEP
    best = [layer for layer in content.layers if layer.name == found.best_layer]
    return _packed(replace(content, layers=best), found, _SMALLEST_SIDE)


def _bytes_per_pixel(picture: Picture) -> float:
    """Of a longer side of 640 pixels, about, and more of a shorter one: told by a tiny copy."""
    tiny = picture.reduced(_TINY).pixels
    return len(jpeg(tiny, _QUALITY)) / float(max(tiny.shape) ** 2)


def _packed(content: Content, found: Explanation, side: int) -> bytes:
    small: Picture = found.picture.reduced(side)
    size = small.pixels.shape[0], small.pixels.shape[1]
    shown = replace(
        content, pixels=small.pixels, geometry=found.geometry.resized(size), name="", quiet=True
    )
    view = View(layer=found.best_layer).to_json()
    return zlib.compress(pack(shown, _QUALITY).to_bytes(view, found.picture.sha256), 1)


def _chosen(layers: Sequence[Layer], best: str) -> list[Layer]:
    """Layers evenly from first to last, and the best one, their maps not too fine."""
    count = min(len(layers), _LAYERS)
    kept = {int(at) for at in np.linspace(0, len(layers) - 1, count).round()}
    wanted = next(at for at, layer in enumerate(layers) if layer.name == best)
    if wanted not in kept:
        kept.remove(min(kept, key=lambda at: abs(at - wanted)))
    return [
        replace(layers[at], values=_coarse(layers[at].values)) for at in sorted({*kept, wanted})
    ]


def _coarse(values: FloatArray) -> FloatArray:
    rows, columns = values.shape
    scale = _GRID / max(rows, columns)
    if scale >= 1:
        return values
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
