"""Files that are small, and would keep a decoder busy for minutes."""

from __future__ import annotations

import struct
import time

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.structure import JpegStructure, jpeg_structure
from tests.pictures.files import chunk, encoded, orientation, png

RAMP = (np.add.outer(np.arange(300), np.arange(400)) % 256).astype(np.uint8)
PHOTO = Image.fromarray(np.stack([RAMP, RAMP[::-1], 255 - RAMP], -1))


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def scans(count: int) -> bytes:
    """A progressive grey JPEG of 64 x 64 pixels with so many scans, all but the first empty."""
    dc, ac = bytes([0x00, 1, 1, *[0] * 14, 0, 1]), bytes([0x10, 1, 1, *[0] * 14, 0xE0, 0x00])
    head = segment(0xDB, bytes([0, *[16] * 64]))
    head += segment(0xC2, struct.pack(">BHHB", 8, 64, 64, 1) + bytes([1, 0x11, 0]))
    head += segment(0xC4, dc) + segment(0xC4, ac)
    first = segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + bytes(8)  # 64 blocks of a bit each
    other = segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + b"\x00\x01"  # an end of 2^14 blocks
    return b"\xff\xd8" + head + first + other * (count - 1) + b"\xff\xd9"


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(data, name=name)
    return str(caught.value)


def test_what_a_photo_consists_of() -> None:
    plain, progressive = encoded(PHOTO, "JPEG"), encoded(PHOTO, "JPEG", progressive=True)
    # JFIF, two tables of quanta and four of codes, frame, scan and end; and libjpeg's usual script.
    assert jpeg_structure(plain) == JpegStructure(10, 1, 0, (300, 400))
    assert jpeg_structure(progressive).scans == 10
    thumbnail = b"Exif\0\0" + plain  # its scans are not the photo's
    within = plain[:2] + segment(0xE1, thumbnail) + b"\xff" * 9 + plain[2:]
    assert jpeg_structure(within) == JpegStructure(11, 1, 9, (300, 400))
    np.testing.assert_array_equal(open_picture(within).pixels, open_picture(plain).pixels)
    assert jpeg_structure(b"\xff\xd8\xff") == JpegStructure(0, 0, 1, None)


def test_scans_and_segments_without_end_are_refused_for_their_number() -> None:
    assert open_picture(scans(64)).pixels.shape == (64, 64, 3)
    assert "s.jpg is a JPEG of more than 64 scans" in refusal(scans(65), "s.jpg")
    many = b"\xff\xd8" + b"\xff\xfe\x00\x02" * 5000
    assert "m.jpg is a JPEG of more than 4,096 segments" in refusal(many, "m.jpg")
    row = bytes(12)
    assert open_picture(png(4, 8, 2, [row], chunk(b"tEXt", b"") * 5000)).pixels.shape == (1, 4, 3)
    long = png(4, 8, 2, [row], chunk(b"tEXt", b"") * 70_000)
    assert "l.png is a PNG of more than 65,536 chunks" in refusal(long, "l.png")


def test_bytes_that_mean_nothing_cost_no_more_than_a_photo() -> None:
    photo = encoded(PHOTO.resize((4000, 3000)), "JPEG")
    begun = time.process_time()
    open_picture(photo)
    usual = time.process_time() - begun
    for start in (b"\xff\xd8", b"\xff\xd8\xff\xe0\0\2"):
        begun = time.process_time()
        text = refusal(start + b"\xff" * 25_000_000, "junk.jpg")
        assert "junk.jpg is a JPEG of more than 65,536 bytes between its segments" in text
        assert time.process_time() - begun < 20 * usual  # Pillow takes a hundred times as long


def shown(data: bytes) -> tuple[Picture, Picture]:
    """A picture opened at a side of 500, and opened whole and then reduced."""
    return open_picture(data, longest=500), open_picture(data).reduced(500)


def test_a_large_photo_is_decoded_smaller_and_looks_the_same() -> None:
    large = PHOTO.resize((4800, 3600), Image.Resampling.BILINEAR)
    direct, whole = shown(encoded(large, "JPEG", exif=orientation(6)))
    assert direct.pixels.shape == whole.pixels.shape == (500, 375, 3)
    assert direct.sha256 == whole.sha256
    difference = np.abs(direct.pixels.astype(int) - whole.pixels)
    assert 0 < difference.mean() < 1.5  # of 255; the decoder averages by itself


def test_a_photo_of_usual_size_is_decoded_whole() -> None:
    for kind in ("JPEG", "PNG"):
        direct, whole = shown(encoded(PHOTO.resize((1600, 1200)), kind))
        np.testing.assert_array_equal(direct.pixels, whole.pixels)
