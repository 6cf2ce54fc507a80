"""From a film to a film whose focus is sharp."""

from __future__ import annotations

import errno
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from attnviz.errors import UnknownNameError, VideoError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.focus import FocusSettings
from attnviz.types import Pixels
from attnviz.video import writing
from attnviz.video.explain import explain_video
from attnviz.video.frame_maps import FRAMES, Shelf
from attnviz.video.maps_over_time import MapsOverTime
from attnviz.video.opening import open_video
from attnviz.video.writing import VideoLook, write_video
from tests.video.films import disc, drawn, red_model, write_film

SMALL = (48, 64)
LOOK = VideoLook(radius=8)


@pytest.fixture(scope="module")
def model() -> VisionModel:
    return red_model()


def _place(frame: int, frames: int) -> tuple[float, float]:
    angle = 2 * np.pi * frame / frames
    return 64 + 40 * np.cos(angle), 48 + 26 * np.sin(angle)


def _contrast(pixels: Pixels, where: np.ndarray) -> float:
    """Mean difference of rows that follow each other."""
    grey = pixels.astype(float).mean(2)
    return float(np.abs(np.diff(grey, axis=0))[where[:-1] & where[1:]].mean())


def test_the_focus_stays_on_a_moving_shape_for_five_seconds(
    tmp_path: Path, model: VisionModel
) -> None:
    frames = [drawn(*_place(n, 125), seed=n) for n in range(125)]
    path = write_film(tmp_path / "moving.mp4", frames, range(0, 5000, 40), sound="aac", seconds=5)
    film = open_video(path)
    maps = explain_video(model, film, "attention")
    write_video(maps, film, tmp_path / "out.mp4", LOOK, work=tmp_path)

    rows, columns = np.mgrid[:96, :128]
    on_it = sharp = 0
    for number, shown in enumerate(open_video(tmp_path / "out.mp4").frames()):
        inside = disc(rows, columns, *_place(number, 125))
        focus = maps.focus(number).values
        on_it += bool(focus[inside].mean() > 0.8 and focus[~inside].mean() < 0.25)
        # The noise around is gone, the stripes are not.
        stripes = _contrast(shown.pixels, inside) / _contrast(frames[number], inside)
        noise = _contrast(shown.pixels, ~inside) / _contrast(frames[number], ~inside)
        sharp += bool(stripes > 2 * noise)
    assert on_it >= 0.95 * 125
    assert sharp >= 0.95 * 125


@pytest.mark.parametrize("sound", ["aac", "libopus", "pcm_s16le"])
def test_times_and_sound_are_those_of_the_film(
    tmp_path: Path, model: VisionModel, sound: str
) -> None:
    ticks = [0, 40, 80, 240, 280, 500, 900]
    frames = [drawn(30, 24, SMALL) for _ in ticks]
    source = tmp_path / ("film.mov" if sound == "pcm_s16le" else "film.mp4")
    film = open_video(write_film(source, frames, ticks, sound=sound, seconds=1))
    maps = explain_video(model, film, "attention")
    write_video(maps, film, tmp_path / "out.mp4", LOOK, work=tmp_path)
    again = open_video(tmp_path / "out.mp4")
    assert [1000 * frame.tick * again.time_base for frame in again.frames()] == ticks
    before, after = _heard(source), _heard(tmp_path / "out.mp4")
    assert after.size == pytest.approx(48000, abs=3000)
    # The tone of 440 Hz is heard at the same time and as loud.
    half = slice(20000, 28000)
    assert np.abs(np.fft.rfft(after[half])).argmax() == round(440 * 8000 / 48000)
    assert after[half].std() == pytest.approx(before[half].std(), rel=0.05)


def _heard(path: Path) -> np.ndarray:
    resampler = av.AudioResampler("fltp", "mono", 48000)
    with av.open(str(path)) as container:
        frames = [one for frame in container.decode(audio=0) for one in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def test_all_frames_share_one_scale_and_a_flash_does_not_decide_it() -> None:
    maps = np.zeros((40, 1, 2), np.float32)
    maps[:, 0, 1] = np.linspace(0.5, 1.0, 40)
    maps[20, 0, 1] = 9.0  # a flash in one frame
    geometry = PictureGeometry((4, 8), (0, 0, 4, 8), (4, 8))
    ticks = np.arange(40)
    still = np.zeros(40, np.float32)
    video = MapsOverTime(
        maps, ticks, 1, Fraction(1, 25), still, geometry, "mask", "Attention", False, {}
    )
    low, high = video.value_range
    assert low == 0.0
    assert high == pytest.approx(np.quantile(maps[:, 0, 1], 0.95))
    assert high < 1.0
    settings = FocusSettings(threshold=0.5, softness=1.0)
    for frame in (0, 30):  # half as bright stays half as bright: nothing is stretched by itself
        focus = video.focus(frame, settings)
        assert (focus.low, focus.high) == (low, high)
        assert focus.scaled[:, -1] == pytest.approx(maps[frame, 0, 1] / high)
    np.testing.assert_allclose(video.times, ticks / 25)


def test_provenance_is_in_the_file(tmp_path: Path, model: VisionModel) -> None:
    film = open_video(write_film(tmp_path / "a.mp4", [drawn(30, 24, SMALL)] * 3, [0, 40, 80]))
    maps = explain_video(model, film, "attention", steady=False)
    write_video(maps, film, tmp_path / "out.mp4", LOOK, work=tmp_path)
    with av.open(str(tmp_path / "out.mp4")) as container:
        told = json.loads(container.metadata["comment"])
    assert told["video sha256"] == film.sha256
    assert told["model"] == model.name
    assert told["steadied"] == "no"
    assert told["layer"] == maps.layer
    low, high = maps.value_range
    assert told["scale"] == f"{low:.6g} to {high:.6g} in all frames"


class Interrupted(KeyboardInterrupt):
    pass


def test_interrupted_work_goes_on_and_ends_as_unbroken_work_does(
    tmp_path: Path, model: VisionModel
) -> None:
    count = 2 * FRAMES + 10
    frames = [drawn(10 + n / 4, 24, SMALL, seed=n) for n in range(count)]
    film = open_video(write_film(tmp_path / "a.mp4", frames, range(0, 40 * count, 40)))
    whole, work = tmp_path / "whole", tmp_path / "work"
    whole.mkdir()
    work.mkdir()
    expected = explain_video(model, film, "attention")
    write_video(expected, film, tmp_path / "expected.mp4", LOOK, work=whole)

    told: list[int] = []

    def until(last: int) -> object:
        def tell(done: int, _total: int | None) -> None:
            told.append(done)
            if done == last:
                raise Interrupted

        return tell

    with pytest.raises(Interrupted):
        explain_video(model, film, "attention", shelf=work, progress=until(FRAMES + 5))
    assert len(Shelf(work).kept()) == 1
    told.clear()
    maps = explain_video(model, film, "attention", shelf=work, progress=until(-1))
    assert told == list(range(FRAMES + 1, count + 1))
    # In other batches the sums may be in another order.
    np.testing.assert_allclose(maps.maps, expected.maps, rtol=1e-5)
    np.testing.assert_array_equal(maps.cuts, expected.cuts)
    told.clear()
    explain_video(model, film, "attention", shelf=work, progress=until(-1))
    assert told == []  # all of it was there

    out = tmp_path / "out.mp4"
    out.write_bytes(b"an earlier file")
    with pytest.raises(Interrupted):
        write_video(maps, film, out, LOOK, work=work, progress=until(FRAMES + 5))
    assert out.read_bytes() == b"an earlier file"
    assert not list(tmp_path.rglob("*.partial"))
    told.clear()
    write_video(maps, film, out, LOOK, work=work, progress=until(-1))
    assert told == list(range(FRAMES + 1, count + 1))
    pairs = zip(
        open_video(out).frames(), open_video(tmp_path / "expected.mp4").frames(), strict=True
    )
    for ours, theirs in pairs:
        assert ours.tick == theirs.tick
        assert np.abs(ours.pixels.astype(int) - theirs.pixels).max() <= 8


def test_damaged_parts_are_made_anew(tmp_path: Path, model: VisionModel) -> None:
    film = open_video(write_film(tmp_path / "a.mp4", [drawn(30, 24, SMALL)] * 3, [0, 40, 80]))
    maps = explain_video(model, film, "attention", shelf=tmp_path)
    (tmp_path / "maps-000000.npz").write_bytes(b"PK\x03\x04 no archive")
    again = explain_video(model, film, "attention", shelf=tmp_path)
    np.testing.assert_allclose(again.maps, maps.maps, rtol=1e-5)
    (tmp_path / "piece-000000.mp4").write_bytes(b"\0\0\0\x18ftypmp42 cut off")
    write_video(maps, film, tmp_path / "out.mp4", LOOK, work=tmp_path)
    assert len(list(open_video(tmp_path / "out.mp4").frames())) == 3


def test_a_full_disk_is_no_fault_of_the_video(
    tmp_path: Path, model: VisionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = open_video(write_film(tmp_path / "a.mp4", [drawn(30, 24, SMALL)] * 2, [0, 40]))
    maps = explain_video(model, film, "attention")

    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "timed_packets", full)
    with pytest.raises(OSError, match="No space left"):
        write_video(maps, film, tmp_path / "out.mp4", LOOK, work=tmp_path)
    assert not (tmp_path / "out.mp4").exists()


def test_what_cannot_be_shown(tmp_path: Path, model: VisionModel) -> None:
    film = open_video(write_film(tmp_path / "a.mp4", [drawn(30, 24, SMALL)] * 2, [0, 40]))
    with pytest.raises(UnknownNameError, match="layer"):
        explain_video(model, film, "attention", layer="layer9")
    maps = explain_video(model, film, "attention")
    with pytest.raises(VideoError, match="0 to 1"):
        maps.focus(2)
    other = open_video(write_film(tmp_path / "b.mp4", [drawn(30, 24, SMALL)] * 2, [0, 50]))
    with pytest.raises(VideoError, match="not the one that was looked at"):
        write_video(maps, other, tmp_path / "out.mp4", LOOK, work=tmp_path)
    assert not (tmp_path / "out.mp4").exists()
