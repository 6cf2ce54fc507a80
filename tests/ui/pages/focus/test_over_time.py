"""A video on the focus page: its frames in the viewer, and the file that is saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnviz.ui.pages.focus import over_time
from attnviz.video.opening import open_video
from tests.ui.pages.focus.test_page import PAGE, assert_fine, header
from tests.video.films import drawn, write_film

TICKS = [0, 40, 80, 120, 300, 340, 380]


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Seven frames, of which the viewer is to get every second."""
    monkeypatch.setattr(over_time, "FRAMES", 4)
    frames = [drawn(20 + 15 * n, 48) for n in range(len(TICKS))]
    return write_film(tmp_path / "walk.mp4", frames, TICKS).read_bytes()


def test_frames_are_shown_made_into_a_video_and_left_for_the_first(film: bytes) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    page.get("file_uploader")[0].upload("walk.mp4", film)
    page.run()
    assert_fine(page)
    shown = header(page)
    assert [layer["name"] for layer in shown["layers"]] == ["0.00 s", "0.08 s", "0.30 s", "0.38 s"]
    assert (shown["noun"], len(shown["photo"]["frames"])) == ("Frame", 4)
    assert len({str(layer["span"]) for layer in shown["layers"]}) == 1, "one scale for all"
    assert any("4 frames of about 7, to 0.4 s" in one.value for one in page.caption)

    steady = shown["id"]
    page.toggle(key="film steady").set_value(False).run()
    assert header(page)["id"] != steady

    page.button(key="begin film file").click().run()
    assert_fine(page)
    (made,) = (
        value for value in page.session_state["long work done"].values() if type(value) is bytes
    )
    again = open_video(made)
    assert [1000 * one.tick * again.time_base for one in again.frames()] == TICKS
    assert again.size == (96, 128)

    page.segmented_control(key="film part").set_value("First frame").run()
    assert_fine(page)
    assert header(page)["noun"] == "Layer"
    assert any("first frame of a video" in one.value for one in page.warning)


def test_a_damaged_video_is_told_in_one_sentence(film: bytes) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    page.get("file_uploader")[0].upload("walk.mp4", film[: len(film) // 2])
    page.run()
    assert len(page.error) == 1
    assert "walk.mp4 is damaged" in page.error[0].value
    assert not page.exception


def test_the_speed_is_that_of_the_video() -> None:
    class Even:
        times = np.asarray([0.0, 0.1, 0.2, 0.3])

    assert over_time._speed(Even()) == pytest.approx(10.0)  # type: ignore[arg-type]
