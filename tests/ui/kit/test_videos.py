"""An uploaded video is a still for all pages, and knows that it moves."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.decoding.stills import open_uploaded_video
from attnviz.decoding.uploads import open_upload
from attnviz.errors import PictureError
from attnviz.pictures import open_picture
from attnviz.ui.kit.videos import is_moving
from tests.pictures.files import encoded
from tests.video.films import drawn, write_film


def test_the_still_is_the_first_frame_and_says_so(tmp_path: Path) -> None:
    frames = [drawn(20 + 20 * n, 48) for n in range(4)]
    source = write_film(tmp_path / "a.mp4", frames, range(0, 160, 40)).read_bytes()
    checksum = hashlib.sha256(source).hexdigest()
    still = open_upload(source, name="folder/walk.mp4", checksum=checksum)
    assert np.abs(still.pixels.astype(float) - frames[0]).mean() < 8
    assert (still.name, still.notes) == ("walk.mp4", ("This is the first frame of a video.",))
    assert still.sha256 == checksum
    assert is_moving(checksum, source)
    assert len(list(open_uploaded_video(source, "walk.mp4").frames())) == 4
    with pytest.raises(PictureError, match=r"walk\.mp4 is damaged"):
        open_upload(source[: len(source) // 2], name="walk.mp4", checksum="half")


def test_pictures_are_opened_as_before(tmp_path: Path) -> None:
    first, second = (Image.fromarray(drawn(x, 48)) for x in (20, 60))
    for name, moving in (("a.png", False), ("a.gif", True)):
        file = io.BytesIO()
        more = {"save_all": True, "append_images": [second]} if moving else {}
        first.save(file, name[2:].upper(), **more)
        source = file.getvalue()
        checksum = hashlib.sha256(source).hexdigest()
        assert is_moving(checksum, source) == moving
        opened = open_upload(source, name=name, checksum=checksum)
        assert opened.notes == ()
        np.testing.assert_array_equal(opened.pixels, open_picture(source).pixels)


def test_a_photo_in_a_box_of_videos_is_a_photo() -> None:
    """HEIC and AVIF begin as MOV does; a reader of videos would show one tile of a large one."""
    for kind in ("HEIC", "AVIF"):
        source = encoded(Image.fromarray(drawn(20, 48)), kind)
        checksum = hashlib.sha256(source).hexdigest()
        opened = open_upload(source, name="a", checksum=checksum)
        assert opened.notes == ()
        np.testing.assert_array_equal(opened.pixels, open_picture(source).pixels)
        assert not is_moving(checksum, source)
