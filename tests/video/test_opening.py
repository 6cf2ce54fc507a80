"""What can be read as a video, what cannot, and what is said of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import VideoError
from attnviz.video.film import Video
from attnviz.video.limits import VideoLimits
from attnviz.video.opening import open_video
from tests.video.films import drawn, write_film

UNEVEN = [0, 40, 80, 200, 240, 400]


def _frames() -> list[np.ndarray]:
    return [drawn(25 + 15 * n, 48) for n in range(len(UNEVEN))]


def _times(film: Video) -> list[Fraction]:
    return [frame.tick * film.time_base for frame in film.frames()]


def _error(path: Path, **options: object) -> str:
    with pytest.raises(VideoError) as caught:
        list(open_video(path, **options).frames())
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.webm", "libvpx-vp9"), ("a.mkv", "libx264")],
)
def test_uneven_times_and_colours_are_those_of_the_file(
    tmp_path: Path, name: str, codec: str
) -> None:
    film = open_video(write_film(tmp_path / name, _frames(), UNEVEN, codec=codec))
    assert film.name == name
    assert film.size == (96, 128)
    assert _times(film) == [Fraction(tick, 1000) for tick in UNEVEN]
    for shown, drawn_one in zip(film.frames(), _frames(), strict=True):
        # The colours of half the pixels are lost in 4:2:0.
        difference = np.abs(shown.pixels.astype(float) - drawn_one)
        assert difference.mean() < 8
    assert len(list(film.frames())) == len(UNEVEN)  # it can be read again


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_frames_come_upright(tmp_path: Path, rotation: int, turns: int) -> None:
    path = write_film(tmp_path / "turned.mp4", _frames(), UNEVEN, rotation=rotation)
    film = open_video(path)
    upright = np.rot90(_frames()[0], turns)
    assert film.size == upright.shape[:2]
    first = next(film.frames())
    assert np.abs(first.pixels.astype(float) - upright).mean() < 8
    small = next(film.frames(film.reduced_size(64)))
    assert small.pixels.shape[:2] == film.reduced_size(64) != film.size


@pytest.mark.parametrize(("name", "step"), [("a.gif", 10), ("a.webp", 1)])
def test_animated_pictures_keep_their_durations(tmp_path: Path, name: str, step: int) -> None:
    first, *more = (Image.fromarray(frame) for frame in _frames())
    durations = [40, 40, 120, 40, 160, 90]
    first.save(
        tmp_path / name, save_all=True, append_images=more, duration=durations, lossless=True
    )
    film = open_video(tmp_path / name)
    assert film.count == 6
    assert _times(film) == [Fraction(tick, 1000) for tick in UNEVEN]
    *_, last = film.frames()
    assert last.lasts == 90
    assert np.abs(last.pixels.astype(float) - _frames()[-1]).mean() < 12


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        Image.fromarray(np.full((20, 30, 3), number, np.uint8)).save(tmp_path / f"f{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    film = open_video(tmp_path, rate=12.5)
    assert [int(frame.pixels[0, 0, 0]) for frame in film.frames()] == [1, 9, 10]
    assert _times(film) == [0, Fraction(2, 25), Fraction(4, 25)]
    Image.fromarray(np.zeros((20, 31, 3), np.uint8)).save(tmp_path / "f11.png")
    assert "f11.png has 31 x 20 pixels" in _error(tmp_path)


def test_frames_are_reduced_to_even_sides_and_never_enlarged(tmp_path: Path) -> None:
    film = open_video(write_film(tmp_path / "a.mp4", _frames(), UNEVEN))
    assert film.reduced_size(50) == (38, 50)
    assert film.reduced_size(4000) == film.reduced_size(None) == (96, 128)
    assert next(film.frames((38, 50))).pixels.shape == (38, 50, 3)


def test_what_is_no_video_gets_one_sentence(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "a.mp4", _frames(), UNEVEN).read_bytes()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole[: len(whole) // 2])  # the index lies at the end
    assert "broken.mp4 is damaged, cut off or of a rare kind" in _error(broken)
    broken.write_bytes(whole[:40] + bytes(2000))
    assert "damaged" in _error(broken)
    broken.write_bytes(b"")
    assert "empty" in _error(broken)
    broken.write_bytes(b"GIF89a" + bytes(30))
    assert "damaged" in _error(broken)
    assert "There is no file" in _error(tmp_path / "none.mp4")
    assert "fewer than two pictures" in _error(tmp_path)
    Image.fromarray(_frames()[0]).save(tmp_path / "still.gif")
    assert "still picture" in _error(tmp_path / "still.gif")


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "ffconcat version 1.0\nfile '/etc/passwd'\n",
        "<?xml version='1.0'?><MPD/>",
    ],
)
def test_playlists_are_never_followed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_text(content * 20)
    assert "not a video that can be read" in _error(path)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "tone.mp4"), "w") as container:
        tone = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        container.mux(tone.encode(frame))
        container.mux(tone.encode(None))
    assert "has no video in it" in _error(tmp_path / "tone.mp4")


def test_limits(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", _frames(), UNEVEN)
    assert "more than the 5 frames" in _error(path, limits=VideoLimits(max_frames=5))
    assert "128 x 96 pixels" in _error(path, limits=VideoLimits(max_pixels=1000))
    assert "MB that are allowed" in _error(path, limits=VideoLimits(max_bytes=1000))
