"""Starting a run on the page "Dataset", and watching it."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.batch.jobs.set_run import SetJob, SetRun, list_set_runs
from attnviz.errors import PictureError
from attnviz.jobs import background_run
from attnviz.jobs.state import JobState, RunPhase
from attnviz.ui.pages.dataset import pictures
from attnviz.ui.pages.dataset.set_runs import known_set_runs, progress_text
from tests.ui.pages.dataset.tiny_set import MODEL, assert_fine, open_page


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders of runs whose process would have been started."""
    folders: list[Path] = []

    def start(run: SetRun, *, concurrent: bool) -> None:
        assert not concurrent
        folders.append(run.folder)

    monkeypatch.setattr(SetRun, "_start", start)
    return folders


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            file = io.BytesIO()
            Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(file, "PNG")
            archive.writestr(name, file.getvalue())
    return packed.getvalue()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (JobState(RunPhase.READING), "loading the network …"),
        (
            JobState(RunPhase.WORKING, 50, 200, 10.0),
            "50 of 200 pictures, 5 pictures a second, 30 s left",
        ),
        (
            JobState(RunPhase.PAUSED, 50, 200, 10.0),
            "paused, 50 of 200 pictures, 5 pictures a second",
        ),
        (JobState(RunPhase.FAILED, text="No *room*."), "No \\*room\\*."),
    ],
)
def test_progress_is_told_in_pictures(state: JobState, expected: str) -> None:
    assert progress_text(state) == expected


def test_a_zip_is_looked_at_by_a_run_of_its_own(runs: Path, started: list[Path]) -> None:
    page = open_page(set_open=True, set_pictures="A ZIP file", set_network=MODEL)
    assert_fine(page)
    content = zipped("a/1.png", "b/2.png")  # once: an archive holds the time
    page.file_uploader[0].upload("my pictures.zip", content, "application/zip")
    page.run()
    assert any("2 pictures" in one.value for one in page.caption)
    page.text_input(key="set target").input("cat").run()
    next(one for one in page.button if one.label == "Start").click().run()
    assert_fine(page)
    (run,) = list_set_runs(runs / "sets")
    assert started == [run.folder]
    job = run.job
    assert (job.model, job.target, job.minutes) == (MODEL, "cat", 0.0)
    assert Path(job.source).name == "my pictures.zip"
    assert Path(job.source).is_relative_to(runs / "sets" / "uploads")
    assert Path(job.source).read_bytes() == content


def test_what_is_no_zip_is_refused_and_not_kept(runs: Path) -> None:
    page = open_page(set_open=True, set_pictures="A ZIP file")
    page.file_uploader[0].upload("x.zip", b"no archive", "application/zip").run()
    assert any("cannot be read as a ZIP" in one.value for one in page.error)
    assert not list((runs / "sets").rglob("*.zip"))


def test_a_visitors_zip_of_very_many_files_is_refused_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = tmp_path / "all" / "visitor" / "runs" / "sets"
    monkeypatch.setattr(pictures, "own_sets_folder", lambda: sets)
    monkeypatch.setattr(pictures, "MOST_ENTRIES", 2)
    source = zipped("a/1.png", "b/2.png", "b/3.png")
    assert pictures._stored(source, "mine.zip", ()).read_bytes() == source
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    with pytest.raises(PictureError, match="it has more than 2 entries"):
        pictures._stored(zipped("1.png", "2.png", "4.png"), "mine.zip", ())
    assert not list(sets.rglob("*.zip"))
    assert pictures._stored(zipped("1.png", "2.png"), "mine.zip", ()).is_file()


def test_runs_behind_the_newest_are_listed_until_they_are_over_and_keep_their_pictures(
    runs: Path,
) -> None:
    sets = runs / "sets"
    for number in range(15):
        folder = sets / f"{number:02}"
        folder.mkdir(parents=True)
        SetJob(str(sets / "uploads" / "x" / f"{number:02}.zip"), MODEL).write(folder)
        os.utime(folder / "job.json", (number, number))
        JobState(RunPhase.PAUSED if number == 1 else RunPhase.DONE).write(folder)
    listed = [run.folder.name for run in known_set_runs()]
    assert listed == [f"{number:02}" for number in (*range(14, 2, -1), 1)]
    (sets / "uploads" / "x").mkdir(parents=True)
    for name in ("00", "14", "nobodys"):
        (sets / "uploads" / "x" / f"{name}.zip").write_bytes(b"zip")
    page = open_page(set_open=True, set_pictures="A ZIP file")
    page.file_uploader[0].upload("new.zip", zipped("1.png"), "application/zip").run()
    assert not page.exception  # what is done has no results here, which is told
    names = sorted(path.name for path in (sets / "uploads").rglob("*.zip"))
    assert names == ["00.zip", "14.zip", "new.zip"]


def test_a_run_is_paused_resumed_and_removed_by_its_buttons(
    runs: Path, started: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_run, "is_alive", lambda _folder, _state: True)
    folder = runs / "sets" / "mine"
    folder.mkdir(parents=True)
    SetJob("/photos", MODEL).write(folder)
    JobState(RunPhase.WORKING, 50, 200, 10.0).write(folder)

    def press(label: str) -> None:
        next(one for one in page.button if one.label == label).click().run()
        assert_fine(page)

    page = open_page()
    (bar,) = page.get("progress")
    assert (bar.proto.value, bar.proto.text[:27]) == (25, "mine: 50 of 200 pictures, 5")
    press("Pause")
    assert (folder / "pause").exists()
    JobState(RunPhase.PAUSED, 50, 200, 10.0).write(folder)
    page.run()
    press("Resume")
    assert started == [folder]
    press("Cancel")
    assert JobState.read(folder).phase is RunPhase.CANCELLED
    page.session_state["set open"] = True
    page.run()
    press("Remove from the list")
    assert list_set_runs(runs / "sets") == ()
    assert folder.is_dir()
