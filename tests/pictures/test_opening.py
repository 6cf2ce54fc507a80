"""Sources, formats, first frames and turning upright."""

from __future__ import annotations

import hashlib
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from attnviz.errors import PictureError
from attnviz.pictures import open_picture
from tests.pictures.files import encoded, orientation, rgb

LOSSLESS = [
    ("PNG", {}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"big_tiff": True}),
]
FOUR = [[(250, 10, 20), (30, 240, 40)], [(50, 60, 230), (240, 240, 0)]]


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_a_lossless_file_gives_its_pixels(kind: str, options: dict[str, bool | str]) -> None:
    picture = open_picture(encoded(rgb(*FOUR), kind, **options))
    assert picture.pixels.tolist() == [[list(one) for one in row] for row in FOUR]
    assert picture.pixels.dtype == np.uint8


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}, 4),
        ("WEBP", {"quality": 95}, 12),
        ("HEIC", {"quality": 95, "chroma": 444}, 6),
        ("AVIF", {"quality": 95, "subsampling": "4:4:4"}, 6),
    ],
)
def test_a_lossy_file_comes_close(kind: str, options: dict[str, int | str], tolerance: int) -> None:
    quarters = np.kron(np.asarray(FOUR), np.ones((16, 16, 1))).astype(np.uint8)
    pixels = open_picture(encoded(Image.fromarray(quarters), kind, **options)).pixels
    assert pixels.shape == (32, 32, 3)
    for y, x in ((8, 8), (8, 24), (24, 8), (24, 24)):
        assert np.abs(pixels[y, x].astype(int) - quarters[y, x]).max() <= tolerance


def test_the_content_decides_and_not_the_extension(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(rgb([(1, 2, 3)]), "PNG"))
    assert open_picture(path).pixels.tolist() == [[[1, 2, 3]]]


def test_all_sources_agree(tmp_path: Path) -> None:
    data = encoded(rgb(*FOUR), "PNG")
    path = tmp_path / "dog.png"
    path.write_bytes(data)
    array = np.asarray(FOUR, dtype=np.uint8)
    sources = [str(path), path, data, bytearray(data), memoryview(data), rgb(*FOUR), array]
    for source in sources:
        assert np.array_equal(open_picture(source).pixels, array)
    checksum = hashlib.sha256(data).hexdigest()
    assert [open_picture(one).sha256 for one in sources[:5]] == [checksum] * 5
    assert open_picture(path).name == "dog.png"
    assert open_picture(Image.open(path)).name == "dog.png"
    assert open_picture(path, name="C:\\photos\\cat.png").name == "cat.png"
    assert {open_picture(one).name for one in sources[2:]} == {"picture"}


def test_the_checksum_of_an_array_tells_shapes_apart() -> None:
    wide = open_picture(np.zeros((2, 6, 3), np.uint8))
    tall = open_picture(np.zeros((6, 2, 3), np.uint8))
    assert wide.sha256 == hashlib.sha256(b"2x6;" + bytes(36)).hexdigest()
    assert wide.sha256 != tall.sha256
    assert open_picture(Image.new("RGB", (6, 2))).sha256 == wide.sha256


def test_a_picture_does_not_follow_its_array() -> None:
    array = np.full((2, 2, 3), 9, np.uint8)
    view = array[:]
    view.flags.writeable = False
    picture, other = open_picture(array), open_picture(view)
    array[:] = 200
    assert int(other.pixels.max()) == 9
    assert picture.pixels.tolist() == np.full((2, 2, 3), 9).tolist()
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1


UPRIGHT = {
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[4, 1], [5, 2], [6, 3]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[3, 6], [2, 5], [1, 4]],
}


@pytest.mark.parametrize("turn", UPRIGHT)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG", "HEIC", "AVIF"])
def test_exif_orientation(kind: str, turn: int) -> None:
    # 16 px a cell, so that lossy formats keep the cells; 40 grey levels apart.
    cells = np.kron(np.asarray(UPRIGHT[1]) * 40, np.ones((16, 16))).astype(np.uint8)
    exif = orientation(turn).tobytes()
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(Image.fromarray(cells).convert("RGB"), kind, exif=exif, **options)
    centres = open_picture(data).pixels[8::16, 8::16, 0]
    assert np.rint(centres / 40).astype(int).tolist() == UPRIGHT[turn]


def test_a_pillow_image_is_turned_as_its_file_would_be() -> None:
    image = rgb([(1, 0, 0), (2, 0, 0)])
    image.getexif().update({0x0112: 8})
    assert open_picture(image).pixels[..., 0].tolist() == [[2], [1]]
    assert image.size == (2, 1)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
@pytest.mark.parametrize("block", [b"Exif\0\0II*\0garbage", b"Exif\0\0", b"\xff" * 40])
def test_a_broken_exif_block_does_not_cost_the_picture(block: bytes) -> None:
    data = encoded(rgb([(7, 8, 9)]), "PNG", exif=block)
    assert open_picture(data).pixels.tolist() == [[[7, 8, 9]]]


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})]
)
def test_an_animation_or_a_stack_gives_its_first_frame(kind: str, options: dict[str, bool]) -> None:
    first, *others = (rgb([colour] * 2) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255)))
    data = encoded(first, kind, save_all=True, append_images=others, **options)
    assert open_picture(data).pixels.tolist() == [[[255, 0, 0]] * 2]


def test_a_photo_with_a_second_picture_behind_it_is_a_jpeg() -> None:
    first, second = Image.new("RGB", (16, 16), (200, 0, 0)), Image.new("RGB", (16, 16))
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    assert abs(int(open_picture(data).pixels[8, 8, 0]) - 200) <= 2


def test_one_pixel_and_a_thin_strip() -> None:
    assert open_picture(encoded(rgb([(1, 2, 3)]), "PNG")).pixels.tolist() == [[[1, 2, 3]]]
    strip = np.zeros((3, 20_000, 3), np.uint8)
    strip[2, 19_999] = 77
    picture = open_picture(encoded(Image.fromarray(strip), "PNG"))
    assert (picture.height, picture.width) == (3, 20_000)
    assert int(picture.pixels.sum()) == 3 * 77


def test_threads_share_nothing_and_the_process_stays_as_it_was() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, dict(Image.OPEN))
    filters = list(warnings.filters)
    kinds = ["PNG", "TIFF", "BMP", "GIF", "HEIC", "AVIF", "JPEG", "WEBP"] * 4
    files = {
        (kind, level): encoded(Image.new("RGB", (24, 24), (level,) * 3), kind)
        for level, kind in enumerate(kinds, start=100)
    }
    gate = threading.Barrier(4)

    def opened(item: tuple[tuple[str, int], bytes]) -> int:
        if item[0][1] < 104:
            gate.wait(timeout=30)
        return abs(int(open_picture(item[1]).pixels[12, 12, 0]) - item[0][1])

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(opened, files.items())) <= 2
    after = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, dict(Image.OPEN))
    assert after == before
    assert list(warnings.filters) == filters


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    with pytest.raises(PictureError, match="device or a pipe"):
        open_picture(pipe)
