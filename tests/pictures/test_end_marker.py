"""JPEG files without their end marker open; those that lack more are refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures import open_picture
from tests.pictures.files import encoded, orientation

ROWS, COLUMNS = np.mgrid[:72, :100]
RAMP = np.stack([COLUMNS * 2, ROWS * 3, 255 - COLUMNS * 2], -1).astype(np.uint8)
NOISE = np.random.default_rng(5).integers(0, 256, (72, 100, 3), np.uint8)
WRITTEN = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restart intervals": {"restart_marker_blocks": 5},
    "turned": {"exif": orientation(6)},
    "no subsampling": {"subsampling": 0, "quality": 98},
}


@pytest.mark.parametrize("options", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("pixels", [RAMP, NOISE, RAMP[..., 0]], ids=["ramp", "noise", "grey"])
def test_a_file_without_its_end_marker_is_whole(
    options: dict[str, object], pixels: np.ndarray
) -> None:
    data = encoded(Image.fromarray(pixels), "JPEG", **options)
    whole = open_picture(data).pixels
    for cut in (data[:-2], data[:-1], data[:-2] + bytes(40)):
        assert np.array_equal(open_picture(cut).pixels, whole)


@pytest.mark.parametrize("options", WRITTEN.values(), ids=WRITTEN)
def test_a_file_that_lacks_more_is_refused(options: dict[str, object]) -> None:
    data = encoded(Image.fromarray(NOISE), "JPEG", **options)
    for cut in (data[: len(data) * 9 // 10], data[:-40], data[:20]):
        with pytest.raises(PictureError, match="is damaged, cut off"):
            open_picture(cut)


def test_a_file_that_ends_between_two_restart_intervals_is_refused() -> None:
    data = encoded(Image.fromarray(RAMP), "JPEG", restart_marker_blocks=5)
    for marker in (b"\xff\xd0", b"\xff\xd3"):
        with pytest.raises(PictureError, match="is damaged, cut off"):
            open_picture(data[: data.rindex(marker)])
