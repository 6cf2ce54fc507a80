"""Small copies of pictures, made in a fraction of the time that exact ones take."""

from __future__ import annotations

import cv2
import numpy as np

from attnviz.types import Pixels

_LEAST = 8  # blocks in a side, of which one may be cut off


def small_copy(pixels: Pixels, longest: int) -> Pixels:
    """Reduce a picture for display.

    To the eye what `Picture.reduced` gives, in a quarter of the time, which counts where a set has
    thousands of pictures: whole blocks of pixels are averaged first, which is fast, and only what
    they give is reduced to the exact size. Less than a block, an eighth of a side at most, is cut
    off at the edges.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3].
    longest
        The longer side of the copy, 1 or more; smaller pictures stay as they are.

    Returns
    -------
    uint8 [h, w, 3]
    """
    height, width = pixels.shape[:2]
    block = max(height, width) // longest
    if max(height, width) <= longest:
        return pixels
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    blocks = (width // block, height // block)
    if block > 1 and min(blocks) >= _LEAST:
        top, left = (height - blocks[1] * block) // 2, (width - blocks[0] * block) // 2
        whole = pixels[top : top + blocks[1] * block, left : left + blocks[0] * block]
        pixels = np.asarray(cv2.resize(whole, blocks, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
