"""Videos of a hosted app: a worker decodes them, and the app sees the same frames and sound."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from attnviz.decoding import pool as pools
from attnviz.decoding.films import UploadedVideo
from attnviz.decoding.stills import open_uploaded_video
from attnviz.decoding.uploads import open_upload_film
from attnviz.errors import VideoError
from tests.pictures.files import encoded
from tests.video.films import drawn, write_film


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    pools._made.cache_clear()
    yield
    pools.workers().close()
    pools._made.cache_clear()


def asked(source: bytes, name: str = "walk.mp4") -> UploadedVideo:
    film = open_upload_film(source, name=name, checksum=hashlib.sha256(source).hexdigest())
    assert isinstance(film, UploadedVideo)
    return film


def test_a_film_is_the_same_as_when_it_is_opened_here(hosted: None, tmp_path: Path) -> None:
    frames = [drawn(20 + 10 * n, 48) for n in range(6)]
    clip = write_film(
        tmp_path / "a.mp4", frames, (0, 40, 100, 120, 160, 200), sound="aac", seconds=1
    )
    loop = encoded(
        Image.fromarray(frames[0]), "GIF", save_all=True,
        append_images=[Image.fromarray(one) for one in frames[1:]],
    )  # fmt: skip
    for source in (clip.read_bytes(), loop):
        here, there = open_uploaded_video(source, "walk.mp4"), asked(source)
        for one in ("name", "sha256", "size", "time_base", "count"):
            assert getattr(here, one) == getattr(there, one), one
        for size in (None, (48, 64)):
            pairs = list(zip(here.frames(size), there.frames(size), strict=True))
            assert len(pairs) == 6
            for mine, other in pairs:
                assert (mine.tick, mine.lasts) == (other.tick, other.lasts)
                np.testing.assert_array_equal(mine.pixels, other.pixels)
    assert asked(loop).sound() is None


def test_its_sound_arrives_alone(hosted: None, tmp_path: Path) -> None:
    frames = [drawn(20 + 10 * n, 48) for n in range(6)]
    source = write_film(
        tmp_path / "a.mp4", frames, range(0, 240, 40), sound="aac", seconds=1
    ).read_bytes()
    sound = asked(source).sound()
    assert sound is not None
    content, demuxer = sound
    assert isinstance(content, bytes)
    film, alone = (
        av.open(io.BytesIO(data), format=kind)
        for data, kind in ((source, "mov"), (content, demuxer))
    )
    with film, alone:
        assert not alone.streams.video
        track, before = alone.streams.audio[0], film.streams.audio[0]
        assert track.codec_context.name == before.codec_context.name == "aac"
        packets = [[bytes(one) for one in container.demux(audio=0)] for container in (film, alone)]
        assert packets[0] == packets[1]
        assert len(packets[0]) > 10


def test_who_stops_early_or_sends_half_a_film_holds_no_worker(hosted: None, tmp_path: Path) -> None:
    frames = [drawn(20 + n % 40, 48) for n in range(40)]
    source = write_film(tmp_path / "a.mp4", frames, range(0, 1600, 40)).read_bytes()
    for _ in range(3):  # more often than there are workers
        begun = asked(source).frames()
        assert len(list(islice(begun, 2))) == 2
        begun.close()  # type: ignore[attr-defined]
    with pytest.raises(VideoError, match=r"half\.mp4 is damaged"):
        asked(source[: len(source) // 2], "half.mp4")
    with pytest.raises(VideoError, match=r"a\.txt is not a video"):
        asked(b"nothing", "a.txt")
    assert len(list(asked(source).frames())) == 40


def test_who_waits_for_other_films_steps_aside(hosted: None, tmp_path: Path) -> None:
    frames = [drawn(20 + n % 40, 48) for n in range(40)]
    source = write_film(tmp_path / "a.mp4", frames, range(0, 1600, 40)).read_bytes()
    others = [asked(source).frames() for _ in range(2)]
    stepped = []

    @contextmanager
    def aside() -> Iterator[None]:
        stepped.append(len(others))
        others.pop().close()  # type: ignore[attr-defined]
        yield
        if not others:
            raise KeyboardInterrupt  # as a click does

    film = replace(asked(source), aside=aside)
    for one in others:
        next(one)
    waiting = film.frames()
    next(waiting)
    assert stepped == [2]
    with pytest.raises(KeyboardInterrupt):
        next(film.frames())
    assert stepped == [2, 1]
    assert len(list(film.frames())) == 40, "who was stopped holds no place"
    assert len(others) == 0
