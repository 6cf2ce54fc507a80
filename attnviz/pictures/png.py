"""Plain PNG encoding of pictures, without any text in them."""

from __future__ import annotations

import cv2
import numpy as np

from attnviz.types import Pixels


def png(pixels: Pixels) -> bytes:
    """Encode a picture as PNG.

    Parameters
    ----------
    pixels : uint8 [H, W, 3] or [H, W]
        The picture, RGB or grey.

    Returns
    -------
    bytes
        The PNG file.
    """
    stored = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    done, coded = cv2.imencode(".png", np.asarray(stored))
    if not done:
        raise RuntimeError("OpenCV could not write a PNG")
    return bytes(coded.tobytes())
