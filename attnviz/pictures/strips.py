"""A decoded image as upright pixels, a strip at a time: no step holds another whole copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from PIL import Image

from attnviz.types import AnyArray, Pixels

Box: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom
STRIP = 2**18
"""Pixels of a strip: they stay in the processor's cache from one step to the next."""
_TURN = Image.Transpose
_TURNED: Mapping[Image.Transpose, Callable[[AnyArray], AnyArray]] = {
    _TURN.FLIP_LEFT_RIGHT: np.fliplr,
    _TURN.FLIP_TOP_BOTTOM: np.flipud,
    _TURN.ROTATE_90: lambda pixels: np.rot90(pixels),
    _TURN.ROTATE_180: lambda pixels: np.rot90(pixels, 2),
    _TURN.ROTATE_270: lambda pixels: np.rot90(pixels, 3),
    _TURN.TRANSPOSE: lambda pixels: pixels.swapaxes(0, 1),
    _TURN.TRANSVERSE: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
}
_BACK = {_TURN.ROTATE_90: _TURN.ROTATE_270, _TURN.ROTATE_270: _TURN.ROTATE_90}


def upright_pixels(
    size: tuple[int, int], turn: Image.Transpose | None, strip: Callable[[Box], Image.Image]
) -> Pixels:
    """Collect an image's strips.

    Parameters
    ----------
    size
        Width and height of the image as it is stored.
    turn
        What makes it upright; None if it is.
    strip
        From a box to that part of the image, as "RGB".

    Returns
    -------
    Pixels
        uint8 [H, W, 3], upright.
    """
    width, height = size
    across = turn is not None and turn >= _TURN.ROTATE_90 and turn != _TURN.ROTATE_180
    pixels = np.empty((width, height, 3) if across else (height, width, 3), np.uint8)
    stored = pixels if turn is None else _TURNED[_BACK.get(turn, turn)](pixels)
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        part = strip((0, top, width, min(height, top + rows)))
        place = stored[top : top + rows]
        if turn is not None:  # Pillow turns by blocks, which is faster than to write across
            part, place = part.transpose(turn), _TURNED[turn](place)
        place[...] = np.asarray(part)
    return pixels
