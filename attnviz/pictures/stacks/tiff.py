"""TIFF of any number of channels, of any type, in one page or many: scenes, microscopes, stacks."""

from __future__ import annotations

import importlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np

from attnviz.errors import PictureError
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.stacks.base import Stack, StackReader, check_count
from attnviz.types import AnyArray

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_CHANNELS = "SC"  # samples of a pixel, or planes of a microscope
_UNNAMED = "QI"  # any axis, or pages
_MOST_CHANNELS = 32


def _is_tiff(data: bytes) -> bool:
    return data[:4] in _MAGIC


def _decode(tifffile: Any, data: bytes, name: str, limits: PictureLimits) -> Stack:
    """The first series: channels last, all other axes as slices."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        series = file.series[0]
        axes, note = _told_axes(series.axes, series.shape)
        sizes = dict(zip(axes, series.shape, strict=True))
        if not {"Y", "X"} <= set(sizes):
            raise PictureError(f"{name} is a TIFF file without a picture of rows and columns.")
        height, width = sizes["Y"], sizes["X"]
        channels = int(np.prod([sizes.get(axis, 1) for axis in _CHANNELS]))
        slices = int(np.prod(series.shape)) // (height * width * channels)
        check_count((slices, height, width, channels), series.dtype.itemsize, limits, name)
        values = _ordered(np.asarray(series.asarray()), axes)
        photo = series.keyframe.photometric == tifffile.PHOTOMETRIC.RGB
        inverted = series.keyframe.photometric == tifffile.PHOTOMETRIC.MINISWHITE
    # Colours of a photo are shares of the largest number; of anything else the range is not known.
    window = (
        (0.0, float(np.iinfo(values.dtype).max)) if photo and values.dtype.kind == "u" else None
    )
    stacked = values.reshape(slices, height, width, channels)
    return Stack(stacked, (), window, inverted, (note,) if note else ())


def holds_rows_as_pages(data: bytes) -> bool:
    """Return whether each page of a file is one row of a picture, as far as can be assumed.

    Such a page alone, as photos are opened, would be a sliver.

    Parameters
    ----------
    data
        A file's content, of any kind.
    """
    if not _is_tiff(data):
        return False
    with suppress(Exception):  # damaged, which whoever opens it will say; or no package to read it
        tifffile: Any = importlib.import_module(TIFF.package)
        with tifffile.TiffFile(BytesIO(data)) as file:
            if file.pages[0].imagewidth <= _MOST_CHANNELS:  # else there is nothing to find out
                return bool(_told_axes(file.series[0].axes, file.series[0].shape)[1])
    return False


def _told_axes(axes: str, shape: tuple[int, ...]) -> tuple[str, str]:
    """The axes of a file, and a sentence where they are assumed.

    An array [H, W, C] that was written without a word about its axes has a page for each row.
    """
    unnamed = len(axes) == 3 and axes[0] in _UNNAMED and axes[1:] == "YX"
    if not unnamed or shape[2] > _MOST_CHANNELS or min(shape[:2]) <= shape[2]:
        return axes, ""
    return "YXS", (
        f"The file does not say what its axes are. The last of {' x '.join(map(str, shape))} is "
        "taken for channels, because it is short; write the file with its axes if it is not."
    )


def _ordered(values: AnyArray, axes: str) -> AnyArray:
    """With rows and columns behind the slices, and channels last."""
    last = [axes.index(axis) for axis in ("Y", "X", *_CHANNELS) if axis in axes]
    first = [index for index in range(len(axes)) if index not in last]
    return np.ascontiguousarray(values.transpose(*first, *last))


TIFF = StackReader("a TIFF file", "tifffile", _is_tiff, _decode)
