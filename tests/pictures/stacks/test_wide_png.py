"""Files with 16 bits a channel: a photo of 8 says so, and all 16 can be opened."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures import PictureLimits, open_picture
from attnviz.pictures.open_channels import open_channels
from attnviz.pictures.presentation import Presentation, open_presented

COLOURS = np.random.default_rng(0).integers(0, 65536, (5, 6, 3), dtype=np.uint16)
REDUCED = ("It has more than 8 bits a channel, and was reduced to 8.",)


def written(values: np.ndarray, kind: str = ".png") -> bytes:
    """As OpenCV writes it, which wants blue, green, red."""
    swapped = values if values.ndim == 2 else values[..., [2, 1, 0, *range(3, values.shape[2])]]
    done, data = cv2.imencode(kind, swapped)
    assert done
    return bytes(data.tobytes())


def tiff(values: np.ndarray, compression: str | None) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="rgb", compression=compression)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        written(COLOURS), written(COLOURS, ".ppm"), tiff(COLOURS, None), tiff(COLOURS, "zlib"),
        written(np.dstack([COLOURS, np.full((5, 6), 65535, np.uint16)])),
    ],
    ids=["png", "ppm", "tiff", "compressed tiff", "png with opacity"],
)  # fmt: skip
def test_a_photo_of_16_bits_says_that_8_are_shown(data: bytes) -> None:
    picture = open_picture(data)
    assert picture.notes == REDUCED
    assert np.abs(picture.pixels - COLOURS / 257.0).max() < 1.01  # the high byte, or rounded


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM", "WEBP"])
def test_a_photo_of_8_bits_has_nothing_to_say(kind: str) -> None:
    file = io.BytesIO()
    Image.fromarray((COLOURS >> 8).astype(np.uint8)).save(file, kind)
    assert open_picture(file.getvalue()).notes == ()


def test_a_png_keeps_its_values_in_their_order() -> None:
    picture = open_channels(written(COLOURS))
    assert picture.channels is not None
    np.testing.assert_array_equal(picture.channels.values, COLOURS)
    assert picture.channels.names == ("red", "green", "blue")
    np.testing.assert_array_equal(picture.pixels, np.rint(COLOURS / 65535 * 255))
    opacity = np.dstack([COLOURS, COLOURS[..., 0]])
    four = open_channels(written(opacity))
    assert four.channels is not None
    np.testing.assert_array_equal(four.channels.values, opacity)
    assert four.channels.names[3] == "opacity"
    grey = open_presented(written(COLOURS[..., 1]), Presentation.parse("", "1000,500"))
    assert grey.channels is not None
    np.testing.assert_array_equal(grey.channels.values[..., 0], COLOURS[..., 1])
    wanted = np.rint(np.clip((COLOURS[..., 1] - 750.0) / 500, 0, 1) * 255)
    np.testing.assert_array_equal(grey.pixels[..., 2], wanted)


def test_a_png_of_8_bits_a_damaged_and_a_large_one_are_refused() -> None:
    with pytest.raises(PictureError, match="none of the files whose channels can be read"):
        open_channels(written((COLOURS >> 8).astype(np.uint8)))
    for open_file in (open_channels, open_picture):
        with pytest.raises(PictureError, match="damaged"):
            open_file(written(COLOURS)[:-40], name="cut")
        with pytest.raises(PictureError, match="pixels"):
            open_file(written(COLOURS), limits=PictureLimits(max_pixels=29))
