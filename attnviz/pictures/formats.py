"""Recognition of picture formats by content, never by name.

The Pillow class of each format is called directly. `Image.open` would compare the size with
Pillow's own limit first, which warns or raises on its own terms, and can only be changed for the
whole process; here the size is checked against `PictureLimits` as soon as the header is read.
"""

from __future__ import annotations

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
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

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
    """

    title: str
    read_header: Callable[[IO[bytes]], ImageFile.ImageFile]


def _read_heif_header(file: IO[bytes]) -> ImageFile.ImageFile:
    # Imported when needed: it loads the HEVC codecs, and few pictures are HEIC.
    from pillow_heif import HeifImageFile

    image: ImageFile.ImageFile = HeifImageFile(file)
    return image


_AVIF = Format("AVIF", AvifImageFile)
_HEIC = Format("HEIC", _read_heif_header)
_PNG = Format("PNG", PngImageFile)
_WEBP = Format("WebP", WebPImageFile)
_BY_FIRST_BYTES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", Format("JPEG", JpegImageFile)),
    (b"\x89PNG\r\n\x1a\n", _PNG),
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
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _WEBP
    brands = _brands(data)
    if brands & {b"avif", b"avis"}:
        return _AVIF
    return _HEIC if brands & _HEIF_BRANDS else None


def _brands(data: bytes) -> set[bytes]:
    """Brands in the ftyp box of an ISO media file (HEIC, AVIF, MP4, ...)."""
    if data[4:8] != b"ftyp":
        return set()
    length = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12]} | {data[at : at + 4] for at in range(16, length - 3, 4)}


def read_header(form: Format, data: bytes) -> ImageFile.ImageFile:
    """Open without decoding. Raises whatever the library raises for damaged files."""
    return form.read_header(BytesIO(data))


def early_size(form: Format, data: bytes) -> tuple[int, int] | None:
    """(height, width) where they must be known before `read_header`, else None.

    For WebP, whose decoder allocates the whole canvas when the file is opened. For PNG, so that a
    file that declares a huge size and holds little else is refused for its size, not as damaged.
    """
    if form is _PNG and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return height, width
    return _webp_size(data) if form is _WEBP else None


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


_OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop file"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\0\0\x01\0", "an icon"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"%!PS", "a PostScript file"),
)


def describe_other(data: bytes) -> str:
    """What an unrecognised file seems to be, as a complement of "This file is ..."."""
    for signature, what in _OTHER_KINDS:
        if data.startswith(signature):
            return what
    if _brands(data):
        return "a video or another media file"
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if b"<svg" in start:
        return "an SVG drawing"
    # Text holds no control characters but tab, line feed, form feed, carriage return and escape.
    if start and not any(byte < 32 and byte not in b"\t\n\f\r\x1b" for byte in start):
        return "a text file"
    return "of an unknown kind"
