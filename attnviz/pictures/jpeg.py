"""JPEG encoding of pictures for the browser."""

from __future__ import annotations

import cv2

from attnviz.types import Pixels


def jpeg(pixels: Pixels, quality: int = 90) -> bytes:
    """Encode a picture as JPEG.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture, RGB.
    quality : int
        0..100.

    Returns
    -------
    bytes
        The JPEG file.
    """
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, coded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    if not done:
        raise RuntimeError("OpenCV could not write a JPEG")
    return bytes(coded.tobytes())
