"""PNG of 16 bits: depth, X-ray pictures and photos whose values Pillow reads in part."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from attnviz.errors import PictureError
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.stacks.base import Stack, StackReader, check_count

_START = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">II2B")  # at byte 16: width, height, bits, kind of colour
_GREY, _COLOURS = ("grey",), ("red", "green", "blue", "opacity")


def _is_wide_png(data: bytes) -> bool:
    return data.startswith(_START) and data[12:16] == b"IHDR" and data[24:25] == b"\x10"


def _decode(cv2: Any, data: bytes, name: str, limits: PictureLimits) -> Stack:
    """Values from 0 to 65535; of colours, all of this range is shown as usual."""
    width, height, _, kind = _HEADER.unpack_from(data, 16)
    check_count((1, height, width, 1 if kind == 0 else 4), 2, limits, name)
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise PictureError(f"{name} is damaged or cut off. Save or download it again.")
    if values.ndim == 2:
        return Stack(values[None], _GREY)
    values = values[..., [2, 1, 0, *range(3, values.shape[2])]]  # from OpenCV's blue, green, red
    white = float(np.iinfo(values.dtype).max)
    return Stack(values[None], _COLOURS[: values.shape[2]], (0.0, white))


WIDE_PNG = StackReader("a PNG of 16 bits", "cv2", _is_wide_png, _decode)
