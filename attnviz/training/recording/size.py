"""Keeping a recording small: coarser grids and fewer checkpoints where there is too much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from attnviz.training.recording.checks import LONGEST_SIDE
from attnviz.types import AnyArray, FloatArray, Pixels

MAPS_BYTES = 7_000_000  # beside 2.4 MB of pictures and what little else there is: 10 MB
PLANNED = 40  # checkpoints
MOST_CHECKPOINTS = 80
PICTURE_SIDE = 224

Key = tuple[str, str]
Size = tuple[int, int]


def kept_sizes(maps: Mapping[Key, AnyArray], most: int = MAPS_BYTES) -> dict[Key, Size]:
    """The grid on which each map is kept: its own, unless 40 checkpoints would be too large.

    While they would take more than `most` bytes, or a side is longer than a reader accepts, the
    finest grids are halved, those of one size together.

    maps: [pictures, h, w] by (method, layer).
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


def regridded(maps: AnyArray, size: Size) -> FloatArray:
    """[pictures, h, w] averaged down to `size`; as it is where that is its own."""
    values = np.asarray(maps, np.float32)
    if values.shape[1:] == size:
        return values
    return np.stack([cv2.resize(one, size[::-1], interpolation=cv2.INTER_AREA) for one in values])


def shown_pixels(pixels: Pixels) -> Pixels:
    """Pictures uint8 [n, h, w, 3] as they are kept: at most 224 px high and wide."""
    height, width = pixels.shape[1:3]
    share = min(1.0, PICTURE_SIDE / max(height, width))
    if share == 1:
        return pixels
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in pixels])


def superfluous(steps: Sequence[int]) -> int | None:
    """The index of the checkpoint to do without, or None while there are no more than 80.

    The one whose neighbours lie closest to each other in the logarithm of time; so the beginning,
    where most changes happen, stays dense. Never the first or the last two.
    """
    if len(steps) <= MOST_CHECKPOINTS:
        return None
    gaps = [math.log((steps[at + 1] + 1) / (steps[at - 1] + 1)) for at in range(1, len(steps) - 2)]
    return 1 + gaps.index(min(gaps))
