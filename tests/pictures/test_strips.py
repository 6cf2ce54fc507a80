"""Strips change no value, and a picture is opened in the memory of its image and its pixels."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from attnviz.pictures import open_picture, strips, wide_grey
from tests.paths import ROOT
from tests.pictures.files import ADOBE_TO_D50, encoded, orientation, rgb_profile

SCENE = np.random.default_rng(8).integers(0, 256, (7, 5, 4), np.uint8)


def in_strips(source: bytes, monkeypatch: pytest.MonkeyPatch, pixels: int) -> list[object]:
    with monkeypatch.context() as small:
        small.setattr(strips, "STRIP", pixels)
        small.setattr(wide_grey, "STRIP", pixels)
        picture = open_picture(source)
    return [picture.pixels.tolist(), picture.notes]


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_turned_photo_is_upright_in_strips_of_any_height(
    turn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = SCENE[..., :3]
    source = encoded(Image.fromarray(stored), "PNG", exif=orientation(turn))
    # Where the stored first row and first column come to lie, as the EXIF standard words it.
    upright = {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.transpose(1, 0, 2),
        6: stored[::-1].transpose(1, 0, 2),
        7: stored[::-1, ::-1].transpose(1, 0, 2),
        8: stored[:, ::-1].transpose(1, 0, 2),
    }[turn]
    for pixels in (1, 10, 15, 1000):  # strips of one row, two, three, and all
        assert in_strips(source, monkeypatch, pixels) == [upright.tolist(), ()]


def test_strips_of_any_mode_are_what_the_whole_is(monkeypatch: pytest.MonkeyPatch) -> None:
    clear = Image.fromarray(SCENE)
    wide = (SCENE[..., 0].astype(np.int32) * 3 - 90).astype("<i4")
    sources = [
        encoded(clear, "PNG"),
        encoded(clear.convert("LA"), "PNG"),
        encoded(clear.convert("RGB"), "PNG", icc_profile=rgb_profile(ADOBE_TO_D50, 2.2)),
        encoded(clear.convert("RGB").convert("P"), "PNG", transparency=bytes(range(256))),
        encoded(clear.convert("RGB").convert("CMYK"), "TIFF"),
        encoded(Image.frombytes("LAB", (5, 7), SCENE[..., :3].tobytes()), "TIFF"),
        encoded(Image.fromarray(wide), "TIFF"),
        encoded(Image.fromarray(wide.astype("<f4") / 800), "TIFF"),
    ]
    whole = [in_strips(source, monkeypatch, 1000) for source in sources]
    assert [in_strips(source, monkeypatch, 6) for source in sources] == whole
    assert whole[-2][1] == (f"Its grey values, {wide.min()} to {wide.max()}, were stretched to "
                            "black and white.",)  # fmt: skip


OPENS = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from attnviz.pictures import open_picture
from tests.pictures.files import encoded, orientation

def megabytes(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(what))

scene = Image.fromarray(np.zeros((3000, 4000, 3), np.uint8))
for source in (
    encoded(scene, "PNG", exif=orientation(6), compress_level=1),
    encoded(scene.convert("RGBA"), "PNG", compress_level=1),
    encoded(Image.fromarray(np.full((3000, 4000), 40_000, np.uint16)), "PNG", compress_level=1),
):
    open_picture(source)  # the libraries are loaded, and the allocator has what it keeps
    before = megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    open_picture(source)
    print(megabytes("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a peak anew")
def test_a_photo_of_12_megapixels_takes_image_and_pixels_and_little_else() -> None:
    done = subprocess.run([sys.executable, "-c", OPENS], cwd=ROOT, capture_output=True, check=True)
    turned, clear, wide = map(float, done.stdout.split())
    # Pillow's image has 4 bytes for each pixel, or 2 of wide grey, and the pixels have 3: 84 MB. A
    # copy of either would be 36 MB or more. Wide grey is converted whole, to 1 byte, before.
    assert turned < 110
    assert clear < 110
    assert wide < 150
