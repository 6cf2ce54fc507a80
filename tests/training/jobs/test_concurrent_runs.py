"""Concurrent runs: they know of each other in any folder, and are refused unless requested."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from attnviz.errors import TrainingError
from attnviz.jobs import background_run as live
from attnviz.jobs import worker as live_worker
from attnviz.jobs.registered_folders import registered_folders
from attnviz.training.jobs.runs import BusyError, TrainingRun, list_runs, run_job, start_run
from attnviz.training.jobs.state import Job, RunPhase, RunState
from tests.training.jobs.running import job_in, recipe, wait

pytestmark = pytest.mark.slow


def test_a_second_run_is_refused_unless_requested(
    shapes: Path, monkeypatch: pytest.MonkeyPatch, runs: Path
) -> None:
    first = start_run(recipe(200), shapes, size=32, device="cpu")
    with pytest.raises(BusyError, match="side by side"):
        start_run(recipe(1), shapes, size=32, device="cpu")
    assert list_runs() == (first,)
    second = start_run(recipe(200), shapes, size=32, device="cpu", concurrent=True)
    assert second.folder != first.folder
    for run in (first, second):
        wait(run, lambda state: state.phase is RunPhase.WORKING)
    second.pause()
    wait(second, lambda state: state.phase is RunPhase.PAUSED)
    with pytest.raises(BusyError):
        second.resume()
    # A server that did not start them reads the same states.
    monkeypatch.setattr(live, "_PROCESSES", {})
    assert first.state.phase is RunPhase.WORKING
    assert second.state.phase is RunPhase.PAUSED
    first.cancel()
    second.cancel()
    assert second.state.phase is RunPhase.CANCELLED
    wait(first, lambda state: state.phase is RunPhase.CANCELLED)


def test_a_training_is_known_in_any_folder(
    shapes: Path, tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page and the command line each know the other's runs, and those opened by folder."""
    job = Job(recipe(1).to_json(), str(tmp_path / "missing"), 32, "cpu")
    here, other = tmp_path / "mine" / "here", tmp_path / "mine" / "other"
    paused = job_in(other, shapes, 1)
    RunState(RunPhase.PAUSED).write(other)
    with pytest.raises(TrainingError, match="There is no folder"):
        run_job(here, job)
    assert registered_folders() == (here,)
    RunState(RunPhase.WORKING).write(here)
    with FileLock(here / live_worker.LOCK):  # as its live process does
        for start in (
            lambda: start_run(recipe(1), shapes, size=32),
            lambda: paused.resume(),
            lambda: run_job(tmp_path / "third", job),
        ):
            with pytest.raises(BusyError, match=f"{here} is running"):
                start()
        with pytest.raises(TrainingError, match="There is no folder"):
            run_job(tmp_path / "third", job, concurrent=True)
    assert list_runs() == ()
    assert not (runs / "elsewhere" / "job.json").exists()
    # Its process has died, so another may start. A dismissed run is listed again.
    (runs / "own").mkdir()
    (runs / "own" / "dismissed").touch()
    with pytest.raises(TrainingError, match="There is no folder"):
        run_job(runs / "own", job)
    assert list_runs() == (TrainingRun(runs / "own"),)
    assert registered_folders() == ()  # entries of ended runs are removed
    assert not list((runs / "elsewhere").iterdir())


def test_the_command_line_trains_where_the_runs_folder_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "file" / "runs"))
    job = Job(recipe(1).to_json(), str(tmp_path / "missing"), 32, "cpu")
    with pytest.raises(TrainingError, match="There is no folder"):
        run_job(tmp_path / "here", job)


def test_a_run_may_be_in_the_folder_of_all_runs(
    tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock and the start lock in this folder must differ."""
    monkeypatch.setattr(live_worker, "LOCK_SECONDS", 0.5)
    job = Job(recipe(1).to_json(), str(tmp_path / "missing"), 32, "cpu")
    with pytest.raises(TrainingError, match="There is no folder"):
        run_job(runs, job)
    assert Job.read(runs) == job
    assert TrainingRun(runs).state.phase is RunPhase.FAILED
