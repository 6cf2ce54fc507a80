"""An uploaded video is a still for all pages, and knows that it moves."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import PictureError
from attnviz.ui.kit.videos import is_moving, open_upload, open_uploaded_video
from tests.video.films import drawn, write_film


def test_the_still_is_the_first_frame_and_says_so(tmp_path: Path) -> None:
    frames = [drawn(20 + 20 * n, 48) for n in range(4)]
    source = write_film(tmp_path / "a.mp4", frames, range(0, 160, 40)).read_bytes()
    still = open_upload(source, name="folder/walk.mp4")
    assert np.abs(still.pixels.astype(float) - frames[0]).mean() < 8
    assert (still.name, still.notes) == ("walk.mp4", ("This is the first frame of a video.",))
    assert still.sha256 == hashlib.sha256(source).hexdigest()
    assert is_moving(still.sha256, source)
    assert len(list(open_uploaded_video(source, "walk.mp4").frames())) == 4
    with pytest.raises(PictureError, match=r"walk\.mp4 is damaged"):
        open_upload(source[: len(source) // 2], name="walk.mp4")


def test_pictures_are_opened_as_before(tmp_path: Path) -> None:
    first, second = (Image.fromarray(drawn(x, 48)) for x in (20, 60))
    for name, moving in (("a.png", False), ("a.gif", True)):
        file = io.BytesIO()
        more = {"save_all": True, "append_images": [second]} if moving else {}
        first.save(file, name[2:].upper(), **more)
        source = file.getvalue()
        assert is_moving(hashlib.sha256(source).hexdigest(), source) == moving
        assert open_upload(source, name=name).notes == ()
        assert open_upload(source, name=name).pixels.shape == (96, 128, 3)
