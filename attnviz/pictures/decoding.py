"""Decoding of bytes or Pillow images to upright sRGB pixels."""

from __future__ import annotations

import math
from typing import NamedTuple

from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures.colour import in_srgb
from attnviz.pictures.decoding_room import DECODING
from attnviz.pictures.end_marker import decode_without_end_marker
from attnviz.pictures.formats import JPEG, READABLE, Format, early_size, read_header, recognise
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.other_files import describe_other
from attnviz.types import Pixels

_ORIENTATION = 0x0112  # EXIF tag
PLENTY = 16_000_000
"""Pixels up to which a picture is decoded whole, however small it is shown."""
_PIXEL, _ROW = 4, 8  # bytes that Pillow takes for each; a picture can be one pixel wide
_REDUCED = "It has more than 8 bits a channel, and was reduced to 8."
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Decoded(NamedTuple):
    """Pixels uint8 [H, W, 3], sRGB, upright and read-only, with sentences for the user."""

    pixels: Pixels
    notes: tuple[str, ...]


def decode_bytes(
    data: bytes, name: str, limits: PictureLimits, longest: int | None = None
) -> Decoded:
    """Decode the first frame of a file.

    Parameters
    ----------
    data
        The file's content.
    name
        What error messages call it.
    limits
        Largest numbers of bytes and pixels.
    longest
        Side to which the picture will be reduced: a JPEG that is far larger is decoded smaller.

    Returns
    -------
    Decoded

    Raises
    ------
    PictureError
        The content is not a readable picture, has too many pixels, or is damaged.
    """
    form = recognise(data)
    if form is None:
        raise PictureError(
            f"{name} is {describe_other(data)}, not a picture that can be opened. "
            f"Save it as {READABLE}."
        )
    try:
        size = early_size(form, data)
        if size is not None:
            limits.check_pixels(*size, name)
        if form.check is not None:
            form.check(data, name)
        return _decode_file(form, data, name, limits, longest)
    except PictureError:
        raise
    except MemoryError as error:
        raise _no_memory(name) from error
    except Exception as error:  # decoders raise any kind of error
        raise _damaged(name, form) from error


def decode_image(image: Image.Image, name: str, limits: PictureLimits) -> Decoded:
    """Decode an open Pillow image; its orientation and colour profile are applied.

    The image is decoded if it was not yet, and not changed otherwise.

    Parameters
    ----------
    image
        Its current frame is used.
    name, limits
        As for `decode_bytes`.

    Returns
    -------
    Decoded

    Raises
    ------
    PictureError
        It has too many pixels or cannot be decoded.
    """
    try:
        return _decode(image, name, limits)
    except PictureError:
        raise
    except MemoryError as error:
        raise _no_memory(name) from error
    except Exception as error:  # decoders raise any kind of error
        raise PictureError(
            f"{name} is a Pillow image that cannot be decoded ({type(error).__name__}). "
            "Check that its file is complete and still open."
        ) from error


def _decode_file(
    form: Format, data: bytes, name: str, limits: PictureLimits, longest: int | None
) -> Decoded:
    def decode(content: bytes) -> Decoded:
        with read_header(form, content) as image:
            return _decode(image, name, limits, longest)

    try:
        return decode(data)
    except OSError:
        pixels = None
        if form is JPEG:
            pixels = decode_without_end_marker(data, lambda content: decode(content).pixels)
        if pixels is None:
            raise
        return Decoded(pixels, ())


def _decode(
    image: Image.Image, name: str, limits: PictureLimits, longest: int | None = None
) -> Decoded:
    limits.check_pixels(image.height, image.width, name)
    if longest is not None and image.height * image.width > PLENTY:
        share = min(longest / max(image.size), 1)
        # Never below `longest`; only JPEG's decoder can, and others do nothing here.
        image.draft(image.mode, (math.ceil(image.width * share), math.ceil(image.height * share)))
    _refuse_wide_planes(image, name)
    wide = _is_wide(image)
    with DECODING.taken(image.height * (image.width * _PIXEL + _ROW)):
        image.load()
        limits.check_pixels(image.height, image.width, name)  # HEIC can say one size, hold another
        pixels, notes = in_srgb(image, _UPRIGHT.get(_orientation(image)))
    notes = notes or ((_REDUCED,) if wide else ())
    pixels.flags.writeable = False
    return Decoded(pixels, notes)


def _is_wide(image: Image.Image) -> bool:
    """Whether colours or grey have 16 bits; Pillow says so of colours before it has decoded."""
    modes = [image.mode]
    for tile in getattr(image, "tile", ()):
        first, *others = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        modes.append(str(first))
        if tile[0] == "ppm" and others[-1:] > [255]:  # the value of white
            return True
    return any(";16" in mode for mode in modes)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 (upright) to 8; 1 where the EXIF block is missing or broken.

    Read after decoding: by then Pillow has rotated TIFF itself, and HEIC is upright.
    """
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a broken EXIF block must not make the picture unreadable
        return 1


def _refuse_wide_planes(image: Image.Image, name: str) -> None:
    """Refuse 16-bit TIFF planes: Pillow 13 reads them as 8-bit ones, and garbles the picture."""
    tags = getattr(image, "tag_v2", {})
    bits, planar = tags.get(258, (8,)), tags.get(284, 1)
    uncompressed = any(tile[0] == "raw" for tile in getattr(image, "tile", ()))
    if planar == 2 and max(bits) > 8 and len(bits) > 1 and uncompressed:
        raise PictureError(
            f"{name} stores 16-bit colours in separate planes, which cannot be read. "
            "Save it with interleaved channels, or as PNG."
        )


def _damaged(name: str, form: Format) -> PictureError:
    return PictureError(
        f"{name} is damaged, cut off or of a rare kind: it begins as {form.title}, but cannot be "
        "decoded. Download it again, or save it again as JPEG or PNG."
    )


def _no_memory(name: str) -> PictureError:
    return PictureError(f"{name} does not fit into memory. Save it smaller.")
