"""Opening what has more, fewer or finer channels than a photo: arrays and scientific files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

import numpy as np

from attnviz.errors import PictureError
from attnviz.pictures.channels import Stretch, Window, channels_of, shown_pixels
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.names import UNNAMED, base_name
from attnviz.pictures.picture import Picture
from attnviz.pictures.reading import read_file
from attnviz.pictures.stacks.base import Stack, reader_of
from attnviz.types import AnyArray


def open_channels(
    source: str | os.PathLike[str] | bytes | AnyArray,
    *,
    shown: Sequence[int] | int | None = None,
    window: Window | Stretch | str | None = None,
    place: int | None = None,
    names: Sequence[str] = (),
    name: str | None = None,
    limits: PictureLimits | None = None,
) -> Picture:
    """Open an array, or a file of channels, with the file's own values in all of them.

    Such files are TIFF, DICOM, NIfTI, and PNG of 16 bits.

    A network of as many channels gets these values (`attnviz.wrap(module, channels=13)`); people
    and networks of three channels see those of `shown`.

    Parameters
    ----------
    source
        A path or a file's bytes; or an array [H, W], [H, W, C] or, with `place`, [S, H, W, C] of
        any real type.
    shown
        Index of the channel to show in grey, or of three as red, green and blue; the first three if
        None, or the first of fewer.
    window
        The values that are black and white, as (low, high); "usual" for each channel's 2nd and 98th
        percentile, or "whole" for its least and largest value. None takes the file's own window,
        shows uint8 as it is, and is "usual" for anything else. A note tells what was taken.
    place
        Which slice of a stack, from 0; the middle one if None.
    names
        Name of each channel; the file's own if empty.
    name
        Name of the picture instead of the file's.
    limits
        As for `open_picture`; all channels of all slices count.

    Returns
    -------
    Picture
        Its `channels` hold the values.

    Raises
    ------
    PictureError
        It cannot be opened, or there is no such channel or slice. Where the library that reads such
        files is not installed, the text says how to install it.

    Examples
    --------
    >>> import numpy as np
    >>> scene = open_channels(np.arange(26.0).reshape(1, 2, 13), shown=(3, 2, 1), window=(0, 26))
    >>> scene.pixels.tolist(), scene.channels.count
    ([[[29, 20, 10], [157, 147, 137]]], 13)
    """
    limits = limits or PictureLimits.from_environment()
    if isinstance(source, np.ndarray):
        label = base_name(name or UNNAMED)
        stack = _of_array(source)
        digest = hashlib.sha256(f"{source.shape}{source.dtype}".encode())
        digest.update(np.ascontiguousarray(source).data)
    else:
        path = None if isinstance(source, (bytes, bytearray, memoryview)) else source
        data = bytes(source) if path is None else read_file(path, limits)  # type: ignore[arg-type]
        label = base_name(name or (UNNAMED if path is None else os.fsdecode(path)))
        stack = read_stack(data, label, limits)
        digest = hashlib.sha256(data)
    chosen = (shown,) if isinstance(shown, int) else None if shown is None else tuple(shown)
    return picture_of(
        stack, label, digest.hexdigest(), shown=chosen, window=window, place=place, names=names
    )


def read_stack(data: bytes, name: str, limits: PictureLimits) -> Stack:
    """Read a file of channels or slices; PictureError for any other."""
    reader = reader_of(data)
    if reader is None:
        raise PictureError(
            f"{name} is none of the files whose channels can be read: TIFF, DICOM, NIfTI or PNG "
            "of 16 bits. Open a photo without a choice of channels, window or slice "
            "(`attnviz.open_picture`), and anything else as an array [H, W, C]."
        )
    limits.check_bytes(len(data), name)
    return reader.read(data, name, limits)


def picture_of(
    stack: Stack,
    name: str,
    digest: str,
    *,
    shown: tuple[int, ...] | None = None,
    window: Window | Stretch | str | None = None,
    place: int | None = None,
    names: Sequence[str] = (),
) -> Picture:
    """Make a picture of one slice of a stack; arguments as for `open_channels`."""
    count = len(stack.values)
    place = count // 2 if place is None else place
    if not 0 <= place < count:
        raise PictureError(
            f"{name} has the slices 1 to {count}, and no slice {place + 1}. (Python counts from 0.)"
        )
    window = None if window is None else _checked(window)
    channels = channels_of(
        stack.values[place], name, names=tuple(names) or stack.names, shown=shown, place=place,
        slices=count,
    )  # fmt: skip
    pixels, note = shown_pixels(channels, window or stack.window, inverted=stack.inverted)
    slice_note = f"Slice {place + 1} of {count}." if count > 1 else ""
    notes = tuple(filter(None, (slice_note, note, *stack.notes)))
    # What is shown as usual stands for its file; anything else is another picture.
    choices = {"slice": None if place == count // 2 else place, "shown": shown, "window": window}
    chosen = "".join(f" {key} {value}" for key, value in choices.items() if value is not None)
    if chosen:
        digest = hashlib.sha256(f"{digest}{chosen}".encode()).hexdigest()
    return Picture(pixels, name, digest, notes, channels)


def _checked(window: Window | Stretch | str) -> Window | Stretch:
    """Return a window whose low value is below its high one, or a kind of stretching."""
    if isinstance(window, str):
        if window not in list(Stretch):
            names = ", ".join(repr(str(one)) for one in Stretch)
            raise PictureError(f"There is no window {window!r}. Give (low, high), or {names}.")
        return Stretch(window)
    if not (len(window) == 2 and np.isfinite(window).all() and window[0] < window[1]):
        raise PictureError(f"A window is (low, high) with low below high, not {window}.")
    return float(window[0]), float(window[1])


def _of_array(values: AnyArray) -> Stack:
    return Stack(values if values.ndim == 4 else values[None])
