"""`attnviz video`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from attnviz.cli import cli
from attnviz.video import explain, writing
from attnviz.video.opening import open_video
from tests.video.films import drawn, write_film

run = CliRunner()
FRAMES = 4  # of a piece


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(explain, "FRAMES", FRAMES)
    monkeypatch.setattr(writing, "FRAMES", FRAMES)
    frames = [drawn(20 + n, 24, (48, 64)) for n in range(FRAMES + 3)]
    return write_film(tmp_path / "film.mp4", frames, range(0, 40 * len(frames), 40))


def test_ctrl_c_leaves_what_the_same_command_goes_on_from(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / "out.mp4"
    command = ["video", str(film), "--out", str(out), "--longest", "40", "--quiet"]
    drawn_frames: list[int] = []
    render = writing.bokeh

    def stops_once(*given: Any, **options: Any) -> Any:
        drawn_frames.append(1)
        if len(drawn_frames) == FRAMES + 2:
            raise KeyboardInterrupt
        return render(*given, **options)

    monkeypatch.setattr(writing, "bokeh", stops_once)
    stopped = run.invoke(cli, command)
    assert stopped.exit_code == 130
    assert "The same command goes on from here." in stopped.stderr
    assert not out.exists()
    assert (tmp_path / "new" / "out.mp4.work").is_dir()

    done = run.invoke(cli, command)
    assert done.exit_code == 0, done.stderr
    assert len(drawn_frames) == FRAMES + 2 + 3  # only the last piece is drawn again
    assert [path.name for path in out.parent.iterdir()] == ["out.mp4"]
    written = open_video(out)
    assert written.size == (30, 40)
    assert len(list(written.frames())) == FRAMES + 3


def test_another_question_starts_over_and_another_look_draws_anew(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mp4"
    command = ["video", str(film), "--out", str(out), "--longest", "40", "--quiet"]

    def no_room(*_given: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(writing, "_join", no_room)
        full = run.invoke(cli, command)
    assert full.exit_code == 1
    assert "No space left on device" in full.stderr
    work = tmp_path / "out.mp4.work"
    first = {path.name: path.stat().st_mtime_ns for path in work.iterdir()}
    assert {"maps-000000.npz", "maps-000001.npz", "piece-000000.mp4", "order.json"} <= set(first)

    def times(*extra: str) -> dict[str, int]:
        with monkeypatch.context() as patched:
            patched.setattr(writing, "_join", no_room)
            run.invoke(cli, [*command, *extra])
        return {path.name: path.stat().st_mtime_ns for path in work.iterdir()}

    again = times("--radius", "9")
    assert again["maps-000000.npz"] == first["maps-000000.npz"]
    assert again["piece-000000.mp4"] > first["piece-000000.mp4"]
    other = times("--method", "grad-cam")
    assert other["maps-000000.npz"] > first["maps-000000.npz"]


def test_a_folder_of_somebody_else_is_not_touched(film: Path, tmp_path: Path) -> None:
    work = tmp_path / "out.mp4.work"
    work.mkdir()
    (work / "thesis.txt").write_text("years of work")
    result = run.invoke(cli, ["video", str(film), "--out", str(tmp_path / "out.mp4")])
    assert result.exit_code == 1
    assert "out.mp4.work beside the output is in the way" in result.stderr
    assert (work / "thesis.txt").read_text() == "years of work"


def test_what_is_no_video_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("no film")
    result = run.invoke(cli, ["video", str(text), "--out", str(tmp_path / "out.mp4")])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "film.mp4 is not a video that can be read" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_layer_that_is_not_there_leaves_no_folder(film: Path, tmp_path: Path) -> None:
    command = ["video", str(film), "--out", str(tmp_path / "out.mp4"), "--layer", "stage9"]
    result = run.invoke(cli, command)
    assert result.exit_code == 1
    assert "no layer named 'stage9'" in result.stderr
    assert not (tmp_path / "out.mp4.work").exists()


def test_programs_get_one_line(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    command = ["video", str(film), "--out", str(out), "--longest", "40", "--model", "ran-small"]
    done = run.invoke(cli, [*command, "--json"])
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["out"], record["frames"], record["scenes"]) == (str(out), FRAMES + 3, 1)
    assert record["provenance"]["model"] == "ran-small"
    assert record["scale"][0] < record["scale"][1]
