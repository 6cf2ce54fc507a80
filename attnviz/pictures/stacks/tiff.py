"""TIFF of any number of channels, of any type, in one page or many: scenes, microscopes, stacks."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np

from attnviz.errors import PictureError
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.stacks.base import Stack, StackReader, check_count
from attnviz.types import AnyArray

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_CHANNELS = "SC"  # samples of a pixel, or planes of a microscope


def _is_tiff(data: bytes) -> bool:
    return data[:4] in _MAGIC


def _decode(tifffile: Any, data: bytes, name: str, limits: PictureLimits) -> Stack:
    """The first series: channels last, all other axes as slices."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        series = file.series[0]
        sizes = dict(zip(series.axes, series.shape, strict=True))
        if not {"Y", "X"} <= set(sizes):
            raise PictureError(f"{name} is a TIFF file without a picture of rows and columns.")
        height, width = sizes["Y"], sizes["X"]
        channels = int(np.prod([sizes.get(axis, 1) for axis in _CHANNELS]))
        slices = int(np.prod(series.shape)) // (height * width * channels)
        check_count((slices, height, width, channels), series.dtype.itemsize, limits, name)
        values = _ordered(np.asarray(series.asarray()), series.axes)
        photo = series.keyframe.photometric == tifffile.PHOTOMETRIC.RGB
        inverted = series.keyframe.photometric == tifffile.PHOTOMETRIC.MINISWHITE
    # Colours of a photo are shares of the largest number; of anything else the range is not known.
    window = (
        (0.0, float(np.iinfo(values.dtype).max)) if photo and values.dtype.kind == "u" else None
    )
    return Stack(values.reshape(slices, height, width, channels), (), window, inverted)


def _ordered(values: AnyArray, axes: str) -> AnyArray:
    """With rows and columns behind the slices, and channels last."""
    last = [axes.index(axis) for axis in ("Y", "X", *_CHANNELS) if axis in axes]
    first = [index for index in range(len(axes)) if index not in last]
    return np.ascontiguousarray(values.transpose(*first, *last))


TIFF = StackReader("a TIFF file", "tifffile", _is_tiff, _decode)
