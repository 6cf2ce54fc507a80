"""Opening a picture from a path, bytes, a Pillow image or an array."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TypeAlias

import numpy as np
from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures.decoding import decode_bytes, decode_image
from attnviz.pictures.formats import recognise
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.names import UNNAMED, base_name
from attnviz.pictures.open_channels import picture_of, read_stack
from attnviz.pictures.picture import Picture, checked_pixels
from attnviz.pictures.reading import read_file
from attnviz.pictures.stacks.base import reader_of
from attnviz.pictures.stacks.tiff import TIFF, holds_rows_as_pages
from attnviz.types import Pixels

PictureSource: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | Pixels
)


def open_picture(
    source: PictureSource,
    *,
    name: str | None = None,
    limits: PictureLimits | None = None,
    longest: int | None = None,
) -> Picture:
    """Open a picture: upright, 8-bit sRGB, alpha composited over white, first frame.

    Reads JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF, PBM, PGM, PPM and grey PFM, recognised by
    content, not by name; and TIFF of any channels, DICOM and NIfTI, of which the usual slice and
    channels are shown, as by `open_channels`, if the packages are installed that read them. A photo
    of 16 bits a channel is reduced to 8, and a note says so; `open_channels` keeps them. A JPEG
    that lacks its end marker only is opened. Thread-safe: no process-wide setting is changed.

    Parameters
    ----------
    source
        A path (`str` is always a path); a file's bytes; a Pillow image, of which the current frame
        is used and EXIF orientation and ICC profile are applied as for a file; or an sRGB array
        uint8 [H, W, 3], which is copied.
    name
        Name of the picture instead of the file's; reduced to a visible base name of at most 120
        characters.
    limits
        Largest numbers of bytes and pixels; `PictureLimits.from_environment()` if None.
    longest
        Reduce the picture to this longer side in pixels, as `Picture.reduced` does. A JPEG of more
        than 16 megapixels then takes a fraction of the memory: its decoder averages blocks of 2, 4
        or 8 pixels by itself.

    Returns
    -------
    Picture

    Raises
    ------
    PictureError
        The picture cannot be opened; no other error is raised. The text names the picture, the
        reason and a remedy.
    """
    opened = _opened(source, name, limits or PictureLimits.from_environment(), longest)
    return opened if longest is None else opened.reduced(longest)


def _opened(
    source: PictureSource, name: str | None, limits: PictureLimits, longest: int | None
) -> Picture:
    if isinstance(source, (str, os.PathLike)):
        data = read_file(source, limits)
        return _from_bytes(data, base_name(name or os.fsdecode(source)), limits, longest)
    if isinstance(source, (bytes, bytearray, memoryview)):
        shown = base_name(name or UNNAMED)
        limits.check_bytes(memoryview(source).nbytes, shown)
        return _from_bytes(bytes(source), shown, limits, longest)
    if isinstance(source, Image.Image):
        shown = base_name(name or os.fsdecode(getattr(source, "filename", "") or UNNAMED))
        pixels, notes = decode_image(source, shown, limits)
        return Picture(pixels, shown, _fingerprint(pixels), notes)
    if isinstance(source, np.ndarray):
        shown = base_name(name or UNNAMED)
        pixels = _copied(source, shown, limits)
        return Picture(pixels, shown, _fingerprint(pixels))
    raise PictureError(
        f"{base_name(name or UNNAMED)} is given as {type(source).__name__}, not as a picture. "
        "Give a path, a file's bytes, a Pillow image or a uint8 array [H, W, 3]."
    )


def as_picture(picture: Picture | PictureSource) -> Picture:
    """Return a picture as it is, and open anything else, such as a path.

    Parameters
    ----------
    picture
        A picture, or what `open_picture` takes.

    Returns
    -------
    Picture

    Raises
    ------
    PictureError
        As `open_picture`.
    """
    return picture if isinstance(picture, Picture) else open_picture(picture)


def _from_bytes(data: bytes, name: str, limits: PictureLimits, longest: int | None) -> Picture:
    digest = hashlib.sha256(data).hexdigest()
    channels = reader_of(data) is not None and recognise(data) is None
    if channels or holds_rows_as_pages(data):
        return picture_of(read_stack(data, name, limits), name, digest)
    try:
        pixels, notes = decode_bytes(data, name, limits, longest)
    except PictureError:
        if reader_of(data) is not TIFF:
            raise
        with suppress(PictureError):  # Pillow's TIFF knows few channels
            return picture_of(read_stack(data, name, limits), name, digest)
        raise
    return Picture(pixels, name, digest, notes)


def _copied(source: Pixels, name: str, limits: PictureLimits) -> Pixels:
    array = checked_pixels(np.asarray(source), name)
    limits.check_pixels(array.shape[0], array.shape[1], name)
    copied = np.array(array, dtype=np.uint8, order="C")
    copied.flags.writeable = False
    return copied


def _fingerprint(pixels: Pixels) -> str:
    digest = hashlib.sha256(f"{pixels.shape[0]}x{pixels.shape[1]};".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
