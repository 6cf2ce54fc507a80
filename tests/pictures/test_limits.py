"""Bytes are counted before reading and pixels before decoding."""

from __future__ import annotations

import contextlib
import struct
import sys
import time
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures import PictureLimits, open_picture
from tests.pictures.files import chunk, encoded, png_header, rgb, tiff

resource = pytest.importorskip("resource", reason="peak memory is read from getrusage")


def _webp(kind: bytes, body: bytes) -> bytes:
    inner = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def _resized_jpeg() -> bytes:
    data = bytearray(encoded(rgb([(1, 2, 3)]), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 60000, 60000)
    return bytes(data)


def _resized_iso(kind: str) -> bytes:
    """A HEIC or AVIF file that declares 16000 x 16000 pixels."""
    data = encoded(Image.new("RGB", (64, 64)), kind)
    size = struct.pack(">II", 64, 64)
    assert b"ispe\0\0\0\0" + size in data
    declared = struct.pack(">II", 16000, 16000)
    return data.replace(b"ispe\0\0\0\0" + size, b"ispe\0\0\0\0" + declared)


_ENDLESS = chunk(b"IDAT", b"x\x9c") + chunk(b"IEND", b"")
BOMBS = {
    "png, header only": png_header(60000, 60000, 8, 2),
    "png": png_header(60000, 60000, 8, 2) + _ENDLESS,
    "png, below Pillow's own limit": png_header(9000, 9000, 8, 2) + _ENDLESS,
    "png, where Pillow would warn": png_header(12000, 12000, 8, 2) + _ENDLESS,
    "jpeg": _resized_jpeg(),
    "gif": b"GIF89a" + struct.pack("<HHBBB", 60000, 60000, 0, 0, 0)
    + b"," + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0) + b"\x02\x02L\x01\0;",
    "bmp": b"BM" + struct.pack("<IIIIiiHH", 54, 0, 54, 40, 60000, 60000, 1, 24) + bytes(24),
    "tiff": tiff(b"", {256: (60000,), 257: (60000,), 258: (8,), 262: (1,), 277: (1,)}),
    "webp, extended": _webp(b"VP8X", b"\0\0\0\0" + b"\xfe\x3f\0" * 2),
    "webp, lossless": _webp(b"VP8L", b"\x2f" + struct.pack("<I", 0xFFFFFFF) + bytes(9)),
    "webp, lossy": _webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 16383, 16383)),
    "heic": _resized_iso("HEIC"),
    "avif": _resized_iso("AVIF"),
}  # fmt: skip


@contextlib.contextmanager
def _as_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _peak_memory() -> int:
    """The most memory that this process has held so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=list(BOMBS))
def test_a_bomb_is_refused_from_its_header(bomb: bytes) -> None:
    peak, start = _peak_memory(), time.process_time()
    with _as_errors(), pytest.raises(PictureError) as caught:
        open_picture(bomb, name="big.png")
    assert time.process_time() - start < 0.5
    assert _peak_memory() - peak < 40_000_000
    assert "pixels, more than the 50 megapixels that are allowed. Save it" in str(caught.value)
    assert "ATTNVIZ_MAX_PICTURE_MEGAPIXELS" in str(caught.value)


def test_the_pixel_limit_is_inclusive_and_holds_for_every_source() -> None:
    limits = PictureLimits(max_pixels=12)
    fits, exceeds = np.zeros((3, 4, 3), np.uint8), np.zeros((13, 1, 3), np.uint8)
    image = Image.fromarray(exceeds)
    assert open_picture(fits, limits=limits).width == 4
    assert open_picture(encoded(Image.fromarray(fits), "PNG"), limits=limits).width == 4
    for source in (exceeds, image, encoded(image, "PNG"), encoded(image, "WEBP")):
        with pytest.raises(PictureError, match="has 1 x 13 pixels"):
            open_picture(source, limits=limits)


def test_the_byte_limit_is_inclusive(tmp_path: Path) -> None:
    data = encoded(rgb([(1, 2, 3)]), "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for source in (path, data, memoryview(data)):
        exact = PictureLimits(max_bytes=len(data))
        assert open_picture(source, limits=exact).pixels.tolist() == [[[1, 2, 3]]]
        with pytest.raises(PictureError, match="ATTNVIZ_MAX_PICTURE_MB"):
            open_picture(source, limits=PictureLimits(max_bytes=len(data) - 1))


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(8 * 2**30)  # sparse: takes no room on the disk
    tracemalloc.start()
    with pytest.raises(PictureError, match="has 8,589,934,592 bytes, more than the 25 MB that"):
        open_picture(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_the_environment_sets_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PictureLimits.from_environment() == PictureLimits(25 * 2**20, 50_000_000)
    monkeypatch.setenv("ATTNVIZ_MAX_PICTURE_MB", "0.5")
    monkeypatch.setenv("ATTNVIZ_MAX_PICTURE_MEGAPIXELS", " 120 ")
    assert PictureLimits.from_environment() == PictureLimits(2**19, 120_000_000)
    monkeypatch.setenv("ATTNVIZ_MAX_PICTURE_MEGAPIXELS", "0.000001")
    with pytest.raises(PictureError, match="1 x 2 pixels"):
        open_picture(np.zeros((2, 1, 3), np.uint8))


@pytest.mark.parametrize("value", ["many", "0", "-3", "nan", "inf", "1e-9", "25 MB"])
@pytest.mark.parametrize("variable", ["ATTNVIZ_MAX_PICTURE_MB", "ATTNVIZ_MAX_PICTURE_MEGAPIXELS"])
def test_bad_variables_are_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    default = "25" if variable.endswith("MB") else "50"
    with pytest.raises(PictureError) as caught:
        PictureLimits.from_environment()
    assert str(caught.value) == (
        f"{variable} is set to {value!r}, which is not a number above zero. "
        f"Set it to a number such as {default}, or unset it."
    )


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_MAX_PICTURE_MB", "")
    assert PictureLimits.from_environment() == PictureLimits()


def test_limits_below_one_are_refused() -> None:
    with pytest.raises(PictureError, match="0 bytes"):
        PictureLimits(max_bytes=0)
    with pytest.raises(PictureError, match="-1 pixels"):
        PictureLimits(max_pixels=-1)
