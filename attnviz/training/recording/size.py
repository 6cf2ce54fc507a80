"""Bounding the size of a recording, by coarser grids and fewer checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from attnviz.training.recording.checks import LONGEST_SIDE
from attnviz.types import AnyArray, FloatArray, Pixels

MAPS_BYTES = 7_000_000  # with 2.4 MB of pictures and small numbers, a file stays below 10 MB
PLANNED = 40  # checkpoints
MOST_CHECKPOINTS = 80
PICTURE_SIDE = 224

Key = tuple[str, str]
Size = tuple[int, int]


def stored_sizes(maps: Mapping[Key, AnyArray], most: int = MAPS_BYTES) -> dict[Key, Size]:
    """The grid on which each map is stored: its own, unless 40 checkpoints would be too large.

    While they would take more than `most` bytes, or a side is longer than a reader accepts, the
    finest grids are halved, all those of one size together.

    Parameters
    ----------
    maps
        Arrays [pictures, h, w] by (method, layer).
    most
        Bytes that 40 checkpoints of float16 maps may take.

    Returns
    -------
    dict[Key, Size]
        (height, width) by (method, layer).
    """
    sizes = {key: (values.shape[1], values.shape[2]) for key, values in maps.items()}
    pictures = max((len(values) for values in maps.values()), default=0)
    while True:
        cells = sum(height * width for height, width in sizes.values())
        finest = max(sizes.values(), key=math.prod)
        fits = (
            2 * PLANNED * pictures * cells <= most and max(map(max, sizes.values())) <= LONGEST_SIDE
        )
        if fits or max(finest) == 1:
            return sizes
        halved = (max(1, finest[0] // 2), max(1, finest[1] // 2))
        sizes = {key: halved if size == finest else size for key, size in sizes.items()}


def resize_maps(maps: AnyArray, size: Size) -> FloatArray:
    """Average maps down to a coarser grid.

    Parameters
    ----------
    maps
        [pictures, h, w].
    size
        (height, width); the maps' own size leaves them as they are.

    Returns
    -------
    FloatArray
        float32 [pictures, height, width].
    """
    values = np.asarray(maps, np.float32)
    if values.shape[1:] == size:
        return values
    return np.stack([cv2.resize(v, size[::-1], interpolation=cv2.INTER_AREA) for v in values])


def stored_pictures(pixels: Pixels) -> Pixels:
    """Reduce pictures to at most 224 px high and wide, as recordings store them.

    Parameters
    ----------
    pixels
        uint8 [n, h, w, 3].

    Returns
    -------
    Pixels
        uint8 [n, h', w', 3]; `pixels` itself if it is small enough.
    """
    height, width = pixels.shape[1:3]
    share = min(1.0, PICTURE_SIDE / max(height, width))
    if share == 1:
        return pixels
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pixels])


def redundant_checkpoint(steps: Sequence[int]) -> int | None:
    """The index of the checkpoint to drop, or None while there are no more than 80.

    It is the one whose neighbours are closest to each other in the logarithm of time, so that the
    beginning, where most changes happen, stays dense. Never the first or the last two.

    Parameters
    ----------
    steps
        Optimiser steps of the checkpoints, rising.
    """
    if len(steps) <= MOST_CHECKPOINTS:
        return None
    gaps = [math.log((steps[at + 1] + 1) / (steps[at - 1] + 1)) for at in range(1, len(steps) - 2)]
    return 1 + gaps.index(min(gaps))
