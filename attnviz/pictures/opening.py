"""Opening a picture from a path, bytes, a Pillow image or an array."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures.decoding import decode_bytes, decode_image
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.names import UNNAMED, base_name, visible
from attnviz.pictures.picture import Picture, checked_pixels
from attnviz.types import Pixels

PictureSource: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | Pixels
)


def open_picture(
    source: PictureSource, *, name: str | None = None, limits: PictureLimits | None = None
) -> Picture:
    """Open a picture: upright, 8-bit sRGB, alpha composited over white, first frame.

    Reads JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF, PBM, PGM, PPM and grey PFM, recognised by
    content, not by name. A JPEG that lacks its end marker only is opened. Thread-safe: no
    process-wide setting is changed.

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

    Raises
    ------
    PictureError
        The picture cannot be opened; no other error is raised. The text names the picture, the
        reason and a remedy.
    """
    limits = limits or PictureLimits.from_environment()
    if isinstance(source, (str, os.PathLike)):
        data = _read(source, limits)
        return _from_bytes(data, base_name(name or os.fsdecode(source)), limits)
    if isinstance(source, (bytes, bytearray, memoryview)):
        shown = base_name(name or UNNAMED)
        limits.check_bytes(memoryview(source).nbytes, shown)
        return _from_bytes(bytes(source), shown, limits)
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


def _from_bytes(data: bytes, name: str, limits: PictureLimits) -> Picture:
    pixels, notes = decode_bytes(data, name, limits)
    return Picture(pixels, name, hashlib.sha256(data).hexdigest(), notes)


def _read(source: str | os.PathLike[str], limits: PictureLimits) -> bytes:
    """The content of a regular file that is not too large; raises PictureError."""
    shown = visible(os.fsdecode(source), most=300)
    if not shown:
        raise PictureError("The path of the picture is empty. Choose a file.")
    try:
        path = Path(os.fsdecode(source))
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise PictureError(f"{shown} is a folder. Choose a picture in it.")
        if not stat.S_ISREG(status.st_mode):  # reading from a pipe or a device may never end
            raise PictureError(f"{shown} is a device or a pipe. Choose a file.")
        limits.check_bytes(status.st_size, shown)
        with path.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    except FileNotFoundError as error:
        raise PictureError(f"There is no file {shown}. Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or "its path is not valid"
        raise PictureError(
            f"{shown} cannot be read ({reason}). Check the path and its permissions."
        ) from error
    limits.check_bytes(len(data), shown)  # it may have grown since, or shrunk
    return data


def _copied(source: Pixels, name: str, limits: PictureLimits) -> Pixels:
    array = checked_pixels(np.asarray(source), name)
    limits.check_pixels(array.shape[0], array.shape[1], name)
    copied = np.array(array, dtype=np.uint8, order="C")
    copied.flags.writeable = False
    return copied


def _fingerprint(pixels: Pixels) -> str:
    size = f"{pixels.shape[0]}x{pixels.shape[1]};".encode()
    return hashlib.sha256(size + pixels.tobytes()).hexdigest()
