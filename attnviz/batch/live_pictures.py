"""What the viewer on the page over a set is sent of a picture: bounded bytes, whatever its size."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from attnviz.analysis.explanation import Explanation
from attnviz.batch.small_copies import small_copy
from attnviz.batch.small_pictures import QUALITY, TinyCopy
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
_STEP = 0.8
_NEARLY = 2 / 3  # of the side that there is room for, where this saves much time
_BASE64 = 4 / 3


def live_bytes(count: int) -> int:
    """Return how many bytes each of `count` pictures may take; the more there are, the fewer."""
    return min(_LARGEST, max(_SMALLEST, MOST_BYTES // max(count, 1)))


def live_count(count: int) -> int:
    """Return of how many of `count` pictures, from the first, the viewer is sent anything."""
    return min(count, MOST_BYTES // live_bytes(count))


def live_picture(found: Explanation, most: int, tiny: TinyCopy) -> bytes:
    """Pack a picture and its maps for the viewer.

    Parameters
    ----------
    found
        Its explanation.
    most
        From `live_bytes`. The picture is made smaller until all fits, in base64; where nothing
        else helps, only the best layer is left.
    tiny
        Of the picture: tells how many bytes its JPEG takes.

    Returns
    -------
    bytes
        A blob (`attnviz.viewer.blob`), compressed by zlib. Maps have at most 24 cells a side, in 8
        bits; of more than 12 layers some are left out, evenly, but never the best one.
    """
    room = int(most / _BASE64)
    content = content_of(found)
    content = replace(content, layers=_chosen(content.layers, found.best_layer))
    side = min(_LARGEST_SIDE, math.sqrt(room / tiny.bytes_per_pixel))
    longest = max(found.picture.height, found.picture.width)
    while side > _SMALLEST_SIDE:
        packed = _packed(content, found, _quick_side(longest, side))
        if len(packed) <= room:
            return packed
        side *= _STEP
    best = [layer for layer in content.layers if layer.name == found.best_layer]
    return _packed(replace(content, layers=best), found, _SMALLEST_SIDE)


def _quick_side(longest: int, side: float) -> int:
    """The longer side of a copy: a whole part of the picture's, which is fast, if one is near."""
    part = longest // math.ceil(longest / side)
    return part if part >= _NEARLY * side else round(side)


def _packed(content: Content, found: Explanation, side: int) -> bytes:
    pixels = small_copy(found.picture.pixels, side)
    geometry = found.geometry.resized((pixels.shape[0], pixels.shape[1]))
    shown = replace(content, pixels=pixels, geometry=geometry, name="", quiet=True)
    view = View(layer=found.best_layer).to_json()
    return zlib.compress(pack(shown, QUALITY).to_bytes(view, found.picture.sha256), 1)


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
