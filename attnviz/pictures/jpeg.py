"""JPEG encoding of pictures for the browser."""

from __future__ import annotations

import cv2
import numpy as np

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


def read_jpeg(data: bytes) -> Pixels:
    """Decode a JPEG that `jpeg` has written: uint8 [H, W, 3], RGB."""
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if decoded is None:
        raise ValueError("these bytes are no JPEG")
    return np.asarray(decoded, np.uint8)
