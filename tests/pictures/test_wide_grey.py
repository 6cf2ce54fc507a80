"""Grey of more than 8 bits: ramp, transparency and range."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from attnviz.pictures import open_picture
from tests.pictures.files import chunk, encoded, png, tiff

Values = list[int] | list[float]


def first_row(source: object) -> list[int]:
    return open_picture(source).pixels[0, :, 0].tolist()  # type: ignore[arg-type]


def png16(*values: int, transparent: int | None = None) -> bytes:
    key = b"" if transparent is None else chunk(b"tRNS", struct.pack(">H", transparent))
    return png(len(values), 16, 0, [struct.pack(f">{len(values)}H", *values)], key)


def as_tiff(values: Values, kind: str) -> bytes:
    return encoded(Image.fromarray(np.asarray([values], kind)), "TIFF")


@pytest.mark.parametrize(
    ("source", "row", "stretched"),
    [
        (png16(0, 1000, 4095), [0, 62, 255], "0 to 4095"),
        (png16(0, 500, 1000), [0, 128, 255], "0 to 1000"),
        (png16(100, 200), [128, 255], "0 to 200"),
        (png16(0, 4096), [0, 16], ""),
        (png16(0, 0), [0, 0], ""),
        (as_tiff([0, 1000, 4095], "<u2"), [0, 62, 255], "0 to 4095"),
        (as_tiff([0, 1000, 4000], "<i4"), [0, 64, 255], "0 to 4000"),
        (as_tiff([-1000, 0, 1000], "<i4"), [0, 128, 255], "-1000 to 1000"),
        (as_tiff([0.0, 0.5, 1.25], "<f4"), [0, 102, 255], "0 to 1.25"),
        (as_tiff([0.0, 0.5, 1.0], "<f4"), [0, 128, 255], ""),
    ],
)
def test_values_keep_their_range_or_a_note_names_it(
    source: bytes, row: list[int], stretched: str
) -> None:
    picture = open_picture(source)
    assert picture.pixels[0, :, 0].tolist() == row
    expected = f"Its grey values, {stretched}, were stretched to black and white."
    reduced = (
        ()
        if source.startswith(b"II")
        else ("It has more than 8 bits a channel, and was reduced to 8.",)
    )
    assert picture.notes == ((expected,) if stretched else reduced)
    assert picture.reduced(1).notes == picture.notes


def test_a_ramp_of_unsigned_32_bits_rises_to_its_end() -> None:
    values = np.linspace(0, 2**32 - 1, 16).astype("<u4")
    tags = {256: (16,), 257: (1,), 258: (32,), 262: (1,), 277: (1,), 339: (1,)}
    assert first_row(tiff(values.tobytes(), tags)) == [17 * n for n in range(16)]


def test_the_transparent_value_of_16_bits_becomes_white_and_sets_no_range() -> None:
    assert first_row(png16(0, 500, 1000, 65535, transparent=65535)) == [0, 128, 255, 255]
    assert first_row(png16(0, 32896, 7, transparent=7)) == [0, 128, 255]
    assert first_row(png16(9, 9, transparent=9)) == [255, 255]
