"""A file's own values are kept in all channels, and what is shown of them is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import attnviz
from attnviz.errors import PictureError
from attnviz.pictures import PictureLimits, open_picture
from attnviz.pictures.open_channels import open_channels

SCENE = np.arange(4 * 6 * 13, dtype=np.uint16).reshape(4, 6, 13) * 40


def test_values_stay_as_they_are() -> None:
    before = SCENE.copy()
    picture = open_channels(before, shown=(3, 2, 1), window=(0, 4000), name="scene")
    assert picture.channels is not None
    assert picture.channels.values.dtype == np.uint16
    np.testing.assert_array_equal(picture.channels.values, SCENE)
    before[:] = 0
    np.testing.assert_array_equal(picture.channels.values, SCENE)
    with pytest.raises(ValueError, match="read-only"):
        picture.channels.values[0, 0, 0] = 1
    shares = np.clip(SCENE[..., [3, 2, 1]] / 4000, 0, 1)
    np.testing.assert_array_equal(picture.pixels, np.rint(shares * 255))
    assert picture.notes == (
        "Shown: channel 4 from 0 to 4000, channel 3 from 0 to 4000 and channel 2 from 0 to 4000 "
        "of 13 channels; the file's own values are kept beside it.",
    )


def test_without_a_window_each_channel_is_stretched_by_its_percentiles() -> None:
    values = np.random.default_rng(0).normal(size=(40, 50, 3)) * [1, 10, 100] - 5
    pixels = open_channels(values).pixels
    for channel in range(3):
        low, high = np.percentile(values[..., channel], [2, 98])
        wanted = np.clip((values[..., channel] - low) / (high - low), 0, 1) * 255
        assert np.abs(pixels[..., channel] - wanted).max() < 0.51
        assert (pixels[..., channel] == 0).mean() == pytest.approx(0.02, abs=0.005)


@pytest.mark.parametrize(
    ("values", "shown", "grey"),
    [
        (np.array([[0.0, 1.0]]), None, [0, 255]),
        (np.array([[[0.0], [1.0]]]), 0, [0, 255]),
        (np.array([[[7, 1.0], [7, 3.0]]]), 1, [0, 255]),
        (np.array([[[np.nan, 0], [2.0, 0], [4.0, 0]]]), (0,), [0, 0, 255]),
        (np.full((1, 2), 3.5), None, [0, 0]),
        (np.full((1, 2), np.nan), None, [0, 0]),
        (np.array([[0, 200]], np.uint8), None, [0, 200]),  # not stretched
        (np.array([[False, True]]), None, [0, 255]),
        (np.array([[-1000, 3000]], np.int16), None, [0, 255]),
    ],
)
def test_one_channel_is_shown_in_grey(values: Any, shown: Any, grey: list[int]) -> None:
    pixels = open_channels(values, shown=shown, window=None).pixels
    # The outermost 2 % of two or three values lie within their range: ends are clipped to it.
    assert pixels[0].tolist() == [[one] * 3 for one in grey]


def test_names_stand_in_the_note() -> None:
    scene = open_channels(SCENE[..., :2], names=("red", "infrared"), shown=1, window=(0, 100))
    assert scene.channels is not None
    assert scene.channels.names == ("red", "infrared")
    assert "infrared from 0 to 100 of 2 channels" in scene.notes[0]


def test_a_stack_is_opened_slice_by_slice() -> None:
    stack = np.stack([np.full((3, 4, 1), k, np.float32) for k in range(5)])
    middle = open_channels(stack)
    assert middle.channels is not None
    assert (middle.channels.place, middle.channels.slices) == (2, 5)
    assert middle.notes[0] == "Slice 3 of 5."
    last = open_channels(stack, place=4)
    assert last.channels is not None
    assert float(last.channels.values.mean()) == 4
    assert last.sha256 != middle.sha256 == open_channels(stack, place=2).sha256
    with pytest.raises(PictureError, match="slices 1 to 5, and no slice 6"):
        open_channels(stack, place=5)


def test_a_smaller_copy_keeps_averaged_values() -> None:
    small = open_channels(np.arange(16.0).reshape(4, 4)).reduced(2)
    assert small.channels is not None
    np.testing.assert_allclose(small.channels.values[..., 0], [[2.5, 4.5], [10.5, 12.5]])


def test_a_lighter_copy_keeps_what_is_shown() -> None:
    picture = open_channels(SCENE, shown=(3, 2, 1))
    assert picture.lightened(SCENE.nbytes) is picture
    light = picture.lightened(SCENE.nbytes - 1)
    assert light.channels is None
    assert (light.sha256, light.notes) == (picture.sha256, picture.notes)
    np.testing.assert_array_equal(light.pixels, picture.pixels)


@pytest.mark.parametrize(
    ("values", "options", "sentence"),
    [
        (np.zeros((2, 2, 2, 2, 2)), {}, "shape"),
        (np.zeros((0, 4)), {}, r"\[H, W\] or \[H, W, C\]"),
        (np.zeros((2, 2), complex), {}, "complex128"),
        (np.array([["a"]]), {}, "real numbers"),
        (SCENE, {"shown": 13}, "channels 1 to 13, and 14 is to be shown"),
        (SCENE, {"shown": (0, 1)}, "Give one of them, which is shown in grey, or three"),
        (SCENE, {"shown": -1}, "channels 1 to 13"),
        (SCENE, {"names": ("a", "b")}, "13 channels, and 2 names"),
        (SCENE, {"window": "whol"}, r"no window 'whol'\. Give \(low, high\), or 'usual', 'whole'"),
        (SCENE, {"window": (5, 5)}, "low below high"),
        (SCENE, {"window": (0, float("nan"))}, "low below high"),
        (b"not a picture", {}, "none of the files whose channels can be read"),
    ],
)
def test_what_is_no_channels_is_refused(
    values: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PictureError, match=sentence):
        open_channels(values, **options)


def written(path: Path, values: np.ndarray, **options: Any) -> Path:
    tifffile.imwrite(path, values, **options)
    return path


LAYOUTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "channels last": (SCENE, {"planarconfig": "contig", "photometric": "minisblack"}),
    "planes": (
        np.moveaxis(SCENE, 2, 0), {"planarconfig": "separate", "photometric": "minisblack"},
    ),
    "microscope": (np.moveaxis(SCENE, 2, 0), {"imagej": True, "metadata": {"axes": "CYX"}}),
    "compressed": (
        SCENE, {"planarconfig": "contig", "photometric": "minisblack", "compression": "zlib"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tiff_of_13_channels_opens_however_it_is_laid_out(layout: str, tmp_path: Path) -> None:
    values, options = LAYOUTS[layout]
    path = written(tmp_path / "scene.tif", values, **options)
    for source in (path, path.read_bytes()):
        picture = open_channels(source, shown=(3, 2, 1))
        assert picture.channels is not None
        np.testing.assert_array_equal(picture.channels.values, SCENE)
    assert open_channels(path).name == "scene.tif"
    assert attnviz.open_channels is open_channels


def test_photos_as_tiff_stay_photos_and_others_show_three_channels(tmp_path: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    path = written(tmp_path / "photo.tif", photo)
    assert open_picture(path).channels is None
    np.testing.assert_array_equal(open_picture(path).pixels, photo)
    scene = open_picture(written(tmp_path / "scene.tif", SCENE, **LAYOUTS["channels last"][1]))
    assert scene.channels is not None
    assert scene.channels.count == 13
    assert "of 13 channels" in scene.notes[0]


def test_pages_are_slices(tmp_path: Path) -> None:
    pages = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
    path = written(tmp_path / "stack.tif", pages, photometric="minisblack")
    picture = open_channels(path, place=2)
    assert picture.channels is not None
    assert picture.channels.slices == 3
    np.testing.assert_array_equal(picture.channels.values[..., 0], pages[2])


@pytest.mark.parametrize("options", [{}, {"metadata": None}])
def test_a_short_last_axis_of_a_file_without_axes_is_channels(
    options: dict[str, Any], tmp_path: Path
) -> None:
    values = np.arange(15 * 14 * 13, dtype=np.uint16).reshape(15, 14, 13)
    path = written(tmp_path / "scene.tif", values, photometric="minisblack", **options)
    picture = open_picture(path)
    assert picture.channels is not None
    np.testing.assert_array_equal(picture.channels.values, values)
    assert "The last of 15 x 14 x 13 is taken for channels" in picture.notes[-1]


@pytest.mark.parametrize(
    ("shape", "axes"), [((15, 14, 13), "ZYX"), ((13, 14, 13), None), ((40, 40, 33), None)]
)
def test_stacks_of_narrow_slices_stay_stacks(
    shape: tuple[int, int, int], axes: str | None, tmp_path: Path
) -> None:
    values = np.zeros(shape, np.uint16)
    told = {"axes": axes} if axes else {}
    picture = open_channels(
        written(tmp_path / "stack.tif", values, photometric="minisblack", metadata=told)
    )
    assert picture.channels is not None
    assert (picture.channels.slices, *picture.channels.values.shape) == (*shape, 1)
    assert not any("taken for channels" in note for note in picture.notes)


def test_too_many_values_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "stack.tif", np.zeros((30, 8, 8), np.uint8), photometric="minisblack")
    with pytest.raises(PictureError, match=r"0\.001831 MB of values, more than the 0\.0007629"):
        open_channels(path, limits=PictureLimits(max_pixels=100))


def test_a_missing_reader_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(
        PictureError, match=r"with the package pydicom\. Install it: pip install pydicom"
    ):
        open_picture(bytes(128) + b"DICM\2\0\0\0UL", name="scan")
