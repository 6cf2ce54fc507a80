"""Every mode becomes 8-bit RGB over white, with values worked out by hand."""

from __future__ import annotations

import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from attnviz.pictures import open_picture
from tests.pictures.files import chunk, encoded, png, tiff

GREY16 = struct.pack(">4H", 0, 32896, 65535, 255)


def first_row(source: object) -> list[list[int]]:
    return open_picture(source).pixels[0].tolist()  # type: ignore[arg-type]


def greys(*values: int) -> list[list[int]]:
    return [[value] * 3 for value in values]


def test_cmyk_is_ink_on_white() -> None:
    inks = [(0, 0, 0, 0), (255, 0, 0, 0), (0, 0, 0, 255), (0, 255, 255, 0), (102, 0, 0, 51)]
    image = Image.new("CMYK", (5, 1))
    image.putdata(inks)
    # (1 - C)(1 - K): the last one's red is 255 * 0.6 * 0.8 = 122.4, its rest 255 * 0.8 = 204.
    expected = [[255] * 3, [0, 255, 255], [0, 0, 0], [255, 0, 0], [122, 204, 204]]
    assert first_row(image) == expected
    assert first_row(encoded(image, "TIFF")) == expected


def test_a_cmyk_jpeg_as_adobe_writes_it_is_not_a_negative() -> None:
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=98)
    assert b"Adobe" in data
    red, green, blue = open_picture(data).pixels[8, 8].tolist()
    assert red >= 252
    assert max(green, blue) <= 3


def test_16_bit_grey_is_scaled_and_not_clipped() -> None:
    assert first_row(png(4, 16, 0, [GREY16])) == greys(0, 128, 255, 0)
    values = np.asarray([0, 32896, 65535, 255], "<u2").tobytes()
    tags = {256: (4,), 257: (1,), 258: (16,), 262: (1,), 277: (1,)}
    assert first_row(tiff(values, tags)) == greys(0, 128, 255, 0)
    assert first_row(tiff(values, {**tags, 262: (0,)})) == greys(255, 127, 0, 255)


def test_12_bit_grey_reaches_white() -> None:
    # 0xFFF and 0x800, packed into three bytes; 0x800 >> 4 = 128.
    tags = {256: (2,), 257: (1,), 258: (12,), 262: (1,), 277: (1,)}
    assert first_row(tiff(b"\xff\xf8\x00", tags)) == greys(255, 128)


def test_16_bit_colour_with_and_without_alpha() -> None:
    row = struct.pack(">6H", 32896, 65535, 255, 0, 257, 40000)
    assert first_row(png(2, 16, 2, [row])) == [[128, 255, 0], [0, 1, 156]]
    assert first_row(png(1, 16, 6, [struct.pack(">4H", 65535, 0, 0, 32896)])) == [[255, 127, 127]]
    assert first_row(png(1, 16, 4, [struct.pack(">2H", 0, 32896)])) == greys(127)


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B"])
def test_pillow_images_of_16_bits(mode: str) -> None:
    order = ">" if mode.endswith("B") else "<"
    raw = np.asarray([0, 32896, 65535, 255], f"{order}u2").tobytes()
    assert first_row(Image.frombytes(mode, (4, 1), raw)) == greys(0, 128, 255, 0)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 100, 255], np.int32, [0, 100, 255]),
        ([0, 32896, 65535], np.int32, [0, 128, 255]),
        ([-100, 0, 100], np.int32, [0, 128, 255]),
        ([0, 50_000, 100_000], np.int32, [0, 128, 255]),
        ([0.0, 0.5, 1.0], np.float32, [0, 128, 255]),
        ([0.0, 0.25, 0.5], np.float32, [0, 64, 128]),
        ([0.0, 100.0, 200.0], np.float32, [0, 100, 200]),
        ([float("nan"), 0.2, 1.0], np.float32, [0, 51, 255]),
        ([7e5, 7e5, 7e5], np.float32, [0, 0, 0]),
        ([0.0, 0.0, 0.0], np.float32, [0, 0, 0]),
    ],
)
def test_numbers_without_a_range(
    values: list[float], dtype: type[np.generic], expected: list[int]
) -> None:
    assert first_row(Image.fromarray(np.asarray([values], dtype))) == greys(*expected)


def test_infinity_is_white_and_costs_no_warning() -> None:
    for low, middle in ((0.0, 0), (-np.inf, 128), (-3e38, 128)):
        image = Image.fromarray(np.asarray([[low, 0.0, np.inf]], np.float32))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert first_row(image) == greys(0, middle, 255)


def test_grey_and_one_bit() -> None:
    assert first_row(png(2, 8, 0, [b"\x05\xfa"])) == greys(5, 250)
    assert first_row(png(3, 1, 0, [b"\xa0"])) == greys(255, 0, 255)
    assert first_row(png(2, 2, 0, [b"\x60"])) == greys(85, 170)


def test_alpha_is_composited_over_white() -> None:
    row = bytes([255, 0, 0, 128, 0, 0, 0, 0, 10, 20, 30, 255])
    assert first_row(png(3, 8, 6, [row])) == [[255, 127, 127], [255] * 3, [10, 20, 30]]
    assert first_row(png(2, 8, 4, [bytes([0, 128, 60, 255])])) == greys(127, 60)
    webp = encoded(Image.new("RGBA", (1, 1), (255, 0, 0, 128)), "WEBP", lossless=True)
    assert first_row(webp) == [[255, 127, 127]]


def test_a_transparent_colour_without_an_alpha_channel() -> None:
    key = chunk(b"tRNS", struct.pack(">H", 0x60))
    assert first_row(png(2, 8, 0, [b"\x60\x10"], key)) == greys(255, 16)
    key = chunk(b"tRNS", struct.pack(">3H", 1, 2, 3))
    assert first_row(png(2, 8, 2, [bytes([1, 2, 3, 4, 5, 6])], key)) == [[255] * 3, [4, 5, 6]]
    wide = chunk(b"tRNS", struct.pack(">H", 7))
    assert first_row(png(4, 16, 0, [GREY16], wide)) == greys(0, 128, 255, 0)


def test_palettes_with_and_without_transparency() -> None:
    colours = chunk(b"PLTE", bytes([200, 100, 0, 255, 0, 0, 9, 9, 9]))
    alphas = chunk(b"tRNS", bytes([255, 128, 0]))
    row = [bytes([0, 1, 2])]
    assert first_row(png(3, 8, 3, row, colours)) == [[200, 100, 0], [255, 0, 0], [9, 9, 9]]
    expected = [[200, 100, 0], [255, 127, 127], [255, 255, 255]]
    assert first_row(png(3, 8, 3, row, colours + alphas)) == expected


def test_a_transparent_gif() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 100, 0, 9, 9, 9])
    image.putdata([0, 1])
    data = encoded(image, "GIF", transparency=1)
    assert first_row(data) == [[200, 100, 0], [255, 255, 255]]


@pytest.mark.parametrize("mode", ["RGBa", "La", "PA"])
def test_rare_modes_with_alpha(mode: str) -> None:
    via = {"RGBa": "RGBA", "La": "LA", "PA": "PA"}[mode]
    source = Image.new("RGBA", (1, 1), (0, 0, 0, 128)).convert(via).convert(mode)
    assert first_row(source) == greys(127)


def test_lab_and_other_colour_spaces() -> None:
    # L* = 100 is white, and L* = 136 / 255 * 100 = 53.3 is the grey of sRGB 127. a* and b* are
    # signed. a* = 80, b* = 67 at L* = 53.3 is sRGB's red: CSS gives it as lab(54.3 80.8 69.9).
    raw = bytes([255, 0, 0, 136, 0, 0, 138, 81, 70])
    tags = {256: (3,), 257: (1,), 258: (8, 8, 8), 262: (8,), 277: (3,)}
    for source in (Image.frombytes("LAB", (3, 1), raw), tiff(raw, tags)):
        white, grey, red = np.asarray(first_row(source))
        assert white.min() >= 254
        assert np.abs(grey - 127).max() <= 1
        assert np.abs(red - [255, 0, 0]).max() <= 6
    image = Image.new("RGB", (1, 1), (250, 0, 0))
    assert np.abs(np.asarray(first_row(image.convert("YCbCr"))) - [[250, 0, 0]]).max() <= 2
    assert np.abs(np.asarray(first_row(image.convert("HSV"))) - [[250, 0, 0]]).max() <= 2
