"""Two pictures side by side, with lines between points that correspond."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from attnviz.errors import FocusError
from attnviz.render.palette import object_colour
from attnviz.types import Pixels

Point = tuple[float, float]
_GAP = 0.02  # white between the pictures, as a share of their height


def joined(first: Pixels, second: Pixels, pairs: Sequence[tuple[Point, Point]]) -> Pixels:
    """Draw two pictures side by side at one height, and a line for each pair of points.

    Parameters
    ----------
    first, second
        uint8 [H, W, 3], sRGB. The lower one is enlarged to the height of the other.
    pairs
        A point of each picture, x and y in 0..1. The first pairs are drawn on top.

    Returns
    -------
    Pixels
        uint8 [H, W, 3]. Lines have a black casing, and a ring at either end.

    Raises
    ------
    FocusError
        A point lies outside its picture.
    """
    height = max(len(first), len(second))
    left, right = _at_height(first, height), _at_height(second, height)
    gap = np.full((height, max(2, round(_GAP * height)), 3), 255, np.uint8)
    shown = np.concatenate([left, gap, right], 1)
    start = left.shape[1] + gap.shape[1]
    thick = max(2, round(0.004 * height))
    for index, (one, other) in reversed(list(enumerate(pairs))):
        ends = _pixel(one, left, 0), _pixel(other, right, start)
        for colour, extra in (((0, 0, 0), 2), (object_colour(index), 0)):
            cv2.line(shown, *ends, colour, thick + extra, cv2.LINE_AA)
            for end in ends:
                cv2.circle(shown, end, 3 * thick + 2, colour, thick + extra, cv2.LINE_AA)
    return shown


def _at_height(pixels: Pixels, height: int) -> Pixels:
    if len(pixels) == height:
        return pixels
    width = max(1, round(pixels.shape[1] * height / len(pixels)))
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _pixel(point: Point, pixels: Pixels, start: int) -> tuple[int, int]:
    if not all(0 <= share <= 1 for share in point):
        raise FocusError(f"The point {point} lies outside its picture; x and y go from 0 to 1.")
    height, width = pixels.shape[:2]
    x, y = (
        min(int(share * size), size - 1) for share, size in zip(point, (width, height), strict=True)
    )
    return start + x, y
