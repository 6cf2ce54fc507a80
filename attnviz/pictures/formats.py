"""Recognition of picture formats by content, never by name.

The Pillow class of each format is called directly. `Image.open` would compare the size with
Pillow's own limit first, which warns or raises on its own terms, and can only be changed for the
whole process; here the size is checked against `PictureLimits` as soon as the header is read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from PIL import ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from attnviz.pictures.containers import media_brands
from attnviz.pictures.structure import check_jpeg, check_png

READABLE = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"

_HEIF_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
    *(b"mif1", b"mif2", b"msf1", b"heif"),
}


@dataclass(frozen=True)
class Format:
    """A picture format.

    Attributes
    ----------
    title
        Its usual name.
    read_header
        Returns a Pillow image that is not yet decoded.
    check
        Raises PictureError for a file, of a name, that is put together to take long.
    """

    title: str
    read_header: Callable[[IO[bytes]], ImageFile.ImageFile]
    check: Callable[[bytes, str], None] | None = None


def _read_heif_header(file: IO[bytes]) -> ImageFile.ImageFile:
    # Imported when needed: it loads the HEVC codecs, and few pictures are HEIC.
    from pillow_heif import HeifImageFile

    image: ImageFile.ImageFile = HeifImageFile(file)
    return image


_AVIF = Format("AVIF", AvifImageFile)
_HEIC = Format("HEIC", _read_heif_header)
JPEG = Format("JPEG", JpegImageFile, check_jpeg)
PNG = Format("PNG", PngImageFile, check_png)
WEBP = Format("WebP", WebPImageFile)
_PORTABLE_MAPS = {
    **dict.fromkeys((b"P1", b"P4"), Format("PBM", PpmImageFile)),
    **dict.fromkeys((b"P2", b"P5"), Format("PGM", PpmImageFile)),
    **dict.fromkeys((b"P3", b"P6"), Format("PPM", PpmImageFile)),
    b"Pf": Format("PFM", PpmImageFile),
}
# The kind, then white space and comments, then the width.
_PORTABLE_HEADER = re.compile(rb"P[1-6f](?:\s|#[^\r\n]*[\r\n])+\d")
_BY_FIRST_BYTES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", Format("GIF", GifImageFile)),
    (b"GIF89a", Format("GIF", GifImageFile)),
    (b"BM", Format("BMP", BmpImageFile)),
    *((magic, Format("TIFF", TiffImageFile)) for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)


def recognise(data: bytes) -> Format | None:
    """The format whose signature `data` starts with, or None if it cannot be read."""
    for signature, form in _BY_FIRST_BYTES:
        if data.startswith(signature):
            return form
    if _PORTABLE_HEADER.match(data):
        return _PORTABLE_MAPS[data[:2]]
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    brands = media_brands(data)
    if brands & {b"avif", b"avis"}:
        return _AVIF
    return _HEIC if brands & _HEIF_BRANDS else None


def read_header(form: Format, data: bytes) -> ImageFile.ImageFile:
    """Open without decoding. Raises whatever the library raises for damaged files."""
    return form.read_header(BytesIO(data))


def early_size(form: Format, data: bytes) -> tuple[int, int] | None:
    """(height, width) where they must be known before `read_header`, else None.

    For WebP, whose decoder allocates the whole canvas when the file is opened. For PNG, so that a
    file that declares a huge size and holds little else is refused for its size, not as damaged.
    """
    if form is PNG and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return height, width
    return _webp_size(data) if form is WEBP else None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind, body = data[12:16], data[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
    elif kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", body[6:10]))
    else:
        return None
    return height, width
