"""Portable maps (PBM, PGM, PPM, PFM), written byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import PictureError
from attnviz.pictures import PictureLimits, open_picture

BIG = np.asarray([0, 1000, 4095], ">u2").tobytes()


def greys(*values: int) -> list[list[int]]:
    return [[value] * 3 for value in values]


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b"P6\n2 1\n255\n\1\2\3\4\5\6", [[1, 2, 3], [4, 5, 6]]),
        (b"P6 # by hand\n# twice\n2 1 255\n\1\2\3\4\5\6", [[1, 2, 3], [4, 5, 6]]),
        (b"P3\r\n2 1\r\n255\r\n1 2 3\r\n4 5 6\r\n", [[1, 2, 3], [4, 5, 6]]),
        (b"P3 1 1 15 0 3 15", [[0, 51, 255]]),
        (b"P5\t3\n1\n255\n\0\x40\xff", greys(0, 64, 255)),
        (b"P5 3 1 5\n\0\1\5", greys(0, 51, 255)),
        (b"P5 3 1 4095\n" + BIG, greys(0, 62, 255)),  # 1000 / 4095 * 255 = 62.3
        (b"P5 3 1 65535\n" + BIG, greys(0, 4, 16)),  # the file's own white, not its maximum
        (b"P2\n#a\n3 1 100\n0 50 100", greys(0, 128, 255)),
        (b"P1\n3 1\n1 0 1", greys(0, 255, 0)),
        (b"P4 3 1\n\xa0", greys(0, 255, 0)),
        (b"Pf\n2 1\n-1.0\n" + np.asarray([0.2, 1], "<f4").tobytes(), greys(51, 255)),
    ],
)
def test_every_kind_opens(data: bytes, row: list[list[int]]) -> None:
    picture = open_picture(data)
    assert picture.pixels[0].tolist() == row
    reduced = ("It has more than 8 bits a channel, and was reduced to 8.",)
    assert picture.notes == (reduced if data.endswith(BIG) else ())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"P6 2 2 255\n\1\2\3", "damaged"),
        (b"P5 2 2 0\n\1\2\3\4", "damaged"),
        (b"P3 1 1 255 1 2 300", "damaged"),
        (b"P2 12", "damaged"),
        (b"P5 90000 90000 255\n\1", "90000 x 90000 pixels"),
        (b"P5 0 3 255\n", "damaged"),
    ],
)
def test_broken_ones_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        open_picture(data, limits=PictureLimits(max_pixels=1_000_000))
