"""The frames of a video as pictures of a set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch.run import BatchRun
from attnviz.errors import PictureError
from attnviz.export.animation import mp4
from attnviz.models.preprocess import Preprocess
from attnviz.video.frame_files import FrameFile, files_of_video, is_video, videos_below
from attnviz.video.opening import open_video
from tests.conftest import TinyCnn


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    frames = [np.full((48, 64, 3), random.integers(0, 255, 3), np.uint8) for _ in range(7)]
    path = tmp_path / "clip.mp4"
    path.write_bytes(mp4(frames, 5))
    return path


def test_frames_are_those_of_the_video_in_any_order(clip: Path) -> None:
    assert is_video(clip)
    files = files_of_video(clip)
    assert [file.name for file in files] == [f"{clip}#{number}" for number in range(7)]
    expected = [frame.pixels for frame in open_video(clip).frames()]
    for number in (0, 2, 3, 6, 1, 1):
        picture = files[number].open()
        np.testing.assert_array_equal(picture.pixels, expected[number])
        assert picture.name == f"clip.mp4#{number}"
    assert len({file.open().sha256 for file in files}) == 7


def test_videos_below_a_folder_are_found_by_their_content(clip: Path, tmp_path: Path) -> None:
    deep = tmp_path / "takes" / "deep"
    for name in ("b.mp4", "a.MP4", "out/old.mp4", ".hidden.mp4"):
        (deep / name).parent.mkdir(parents=True, exist_ok=True)
        (deep / name).write_bytes(clip.read_bytes())
    (deep / "notes.mov").write_text("no video")
    (deep / "still.gif").write_bytes(b"GIF89a")
    found = videos_below(tmp_path / "takes", deep / "out")
    assert [path.name for path in found] == ["a.MP4", "b.mp4"]


def test_a_frame_that_is_missing_is_a_pictures_error(clip: Path) -> None:
    with pytest.raises(PictureError, match="has only 7 frames"):
        FrameFile(str(clip), frame=9).open()
    clip.with_name("gone.mp4").write_text("no video")
    with pytest.raises(PictureError, match=r"gone\.mp4 is not a video"):
        FrameFile(str(clip.with_name("gone.mp4"))).open()


def test_a_set_of_frames_has_a_row_for_each(clip: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = attnviz.wrap(TinyCnn().eval(), Preprocess(size=32), ("a", "b", "c", "d"))
    run = BatchRun(model, files_of_video(clip), Asked("eigen-cam"))
    rows = run(tmp_path / "out").scores().to_pylist()
    assert [row["error"] for row in rows] == [None] * 7
    assert [Path(row["path"]).name for row in rows] == [f"clip.mp4#{number}" for number in range(7)]
    frame = list(open_video(clip).frames())[4]
    expected = attnviz.explain(model, frame.pixels, "eigen-cam").predictions[0]
    assert rows[4]["probability1"] == pytest.approx(expected.probability, abs=1e-5)
