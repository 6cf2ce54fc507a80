"""The registry of run folders; no entry may keep another training from starting."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from filelock import FileLock

from attnviz.errors import TrainingError
from attnviz.jobs import worker as job_worker
from attnviz.jobs.registered_folders import register_folder, registered_folders
from attnviz.training.jobs import worker as live_worker
from attnviz.training.jobs.runs import BusyError, find_run, run_job
from attnviz.training.jobs.state import Job, RunPhase, RunState
from tests.training.jobs.running import job_in, recipe


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job without data: it fails as soon as it starts."""
    return Job(recipe(1).to_json(), str(tmp_path / "missing"), 32, "cpu")


def cut_off(folder: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every file system access to the folder fail."""
    original = Path.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        if path == folder or folder in path.parents:
            raise OSError(number, os.strerror(number))
        return original(path, **options)

    monkeypatch.setattr(Path, "stat", stat)


@pytest.mark.parametrize(
    "number", [errno.EACCES, errno.ESTALE, errno.ENOTCONN, errno.EIO, errno.EHOSTDOWN]
)
def test_an_unreachable_folder_stops_no_training_and_is_listed_again(
    tmp_path: Path, job: Job, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    far, near = tmp_path / "drive" / "far", tmp_path / "near"
    job_in(far, tmp_path, 1)
    register_folder(far)
    with monkeypatch.context() as patch:
        cut_off(far, number, patch)
        assert registered_folders() == ()
        assert find_run(far) is None
        with pytest.raises(TrainingError, match="There is no folder"):
            run_job(near, job)
    assert set(registered_folders()) == {far, near}
    RunState(RunPhase.WORKING).write(far)
    with FileLock(far / job_worker.LOCK), pytest.raises(BusyError, match="far is running"):
        run_job(near, job)


def test_entries_of_missing_folders_and_ended_runs_are_removed(
    tmp_path: Path, runs: Path, job: Job
) -> None:
    gone, ended, strange = (tmp_path / name for name in ("gone", "ended", "strange"))
    for folder in (gone, ended, strange):
        job_in(folder, tmp_path, 1)
        register_folder(folder)
        RunState(RunPhase.DONE).write(folder)
    for file in gone.iterdir():
        file.unlink()
    gone.rmdir()
    (strange / "state.json").write_text("of another version")
    assert len(list((runs / "elsewhere").iterdir())) == 3
    assert set(registered_folders()) == {ended, strange}
    assert len(list((runs / "elsewhere").iterdir())) == 2
    with pytest.raises(TrainingError, match="There is no folder"):
        run_job(tmp_path / "new", job)
    # Its state cannot be read, so it may be active.
    assert set(registered_folders()) == {strange, tmp_path / "new"}


@pytest.mark.parametrize("text", [b"", b"relative", b"/no\0thing"])
def test_an_invalid_entry_is_ignored(runs: Path, text: bytes) -> None:
    (runs / "elsewhere").mkdir(parents=True)
    (runs / "elsewhere" / "0123").write_bytes(text)
    assert registered_folders() == ()


def test_the_worker_registers_its_folder_again(tmp_path: Path) -> None:
    """While it starts it looks dead to others, which may have removed its entry."""
    run = job_in(tmp_path / "mine", tmp_path / "missing", 1)
    live_worker.work(run.folder)
    assert registered_folders() == (run.folder,)
