"""Channels, windows and slices as people write them, and what is shown then."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile

from attnviz.errors import PictureError
from attnviz.pictures import open_picture
from attnviz.pictures.channels import Stretch
from attnviz.pictures.presentation import Presentation, open_presented

VALUES = np.random.default_rng(0).integers(0, 4000, (5, 6, 7, 4), dtype=np.uint16)


def tiff(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="minisblack", metadata={"axes": "ZYXS"})
    return file.getvalue()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("", "", ""), Presentation()),
        (("4,3,2", "40,400", "12"), Presentation((3, 2, 1), (-160.0, 240.0), 11)),
        ((" 1 , 1 , 2", " -600,1500 ", " 1 "), Presentation((0, 0, 1), (-1350.0, 150.0), 0)),
        (("2", "0.5,1", ""), Presentation((1,), (0.0, 1.0), None)),
        (("", "whole", ""), Presentation(None, Stretch.WHOLE, None)),
        (("", "usual", ""), Presentation(None, Stretch.USUAL, None)),
        (("", "1e6,3e-3", ""), Presentation(None, (1e6 - 0.0015, 1e6 + 0.0015), None)),
    ],
)
def test_texts_are_read_and_written(texts: tuple[str, str, str], expected: Presentation) -> None:
    found = Presentation.parse(*texts)
    assert found == expected
    again = Presentation.parse(*found.texts())
    assert (again.shown, again.place) == (found.shown, found.place)
    if isinstance(found.window, tuple):
        assert again.window == pytest.approx(found.window)
    else:
        assert again == found


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (("4,3", "", ""), "'4,3' names no channels"),
        (("0", "", ""), "from 1"),
        (("a,b,c", "", ""), "names no channels"),
        (("²", "", ""), "names no channels"),
        (("9" * 5000, "", ""), "names no channels"),
        (("", "40", ""), "'40' is no window. Give LEVEL,WIDTH"),
        (("", "40,0", ""), "a width above 0"),
        (("", "40,-400", ""), "is no window"),
        (("", "nan,400", ""), "is no window"),
        (("", "0,inf", ""), "one of usual, whole"),
        (("", "", "0"), "'0' is no slice"),
        (("", "", "-1"), "its number, from 1"),
        (("", "", "1.5"), "is no slice"),
    ],
)
def test_what_is_no_channel_window_or_slice_is_refused(
    texts: tuple[str, str, str], sentence: str
) -> None:
    with pytest.raises(PictureError, match=sentence):
        Presentation.parse(*texts)


def test_the_shown_pixels_are_those_of_the_window() -> None:
    picture = open_presented(tiff(VALUES), Presentation.parse("4,3,2", "1000,1000", "2"))
    # Black at 500 and white at 1500.
    wanted = np.clip((VALUES[1][..., [3, 2, 1]].astype(float) - 500) / 1000, 0, 1) * 255
    np.testing.assert_array_equal(picture.pixels, np.rint(wanted))
    assert picture.channels is not None
    np.testing.assert_array_equal(picture.channels.values, VALUES[1])
    assert picture.notes[0] == "Slice 2 of 5."
    whole = open_presented(tiff(VALUES), Presentation.parse("1", "whole", "5"))
    plane = VALUES[4][..., 0].astype(float)
    wanted = (plane - plane.min()) / (plane.max() - plane.min()) * 255
    np.testing.assert_array_equal(whole.pixels, np.rint(wanted)[..., None].repeat(3, 2))


def test_another_presentation_is_another_picture() -> None:
    data = tiff(VALUES)
    choices = [
        ("", "", ""), ("4,3,2", "", ""), ("2", "", ""), ("", "usual", ""), ("", "whole", ""),
        ("", "1000,1000", ""), ("", "1000,1001", ""), ("", "", "1"), ("", "", "5"),
    ]  # fmt: skip
    pictures = [open_presented(data, Presentation.parse(*one)) for one in choices]
    assert len({one.sha256 for one in pictures}) == len(choices)
    assert pictures[0].sha256 == open_picture(data).sha256
    assert all(len(one.sha256) == 64 for one in pictures)


def test_a_photo_has_nothing_to_choose() -> None:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(file, "JPEG")
    assert open_presented(file.getvalue()).pixels.max() == 0
    with pytest.raises(PictureError, match="dog is none of the files whose channels can be read"):
        open_presented(file.getvalue(), Presentation.parse("1"), name="dog")
