"""How long a training may take, how many at once, and where they lie for a user without a home."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.errors import RunError
from attnviz.jobs.registered_folders import runs_folder
from attnviz.training.jobs.runs import BusyError, list_runs, start_run
from attnviz.training.jobs.state import RunPhase, RunState
from attnviz.training.jobs.worker import _Worker
from attnviz.training.loop.checkpoint import TrainingState
from tests.training.jobs.running import job_in, recipe


def test_it_ends_after_the_minutes_that_it_may_take(tmp_path: Path) -> None:
    worker = _Worker(tmp_path)
    assert worker._on_step(recipe(1), 2.0, TrainingState(step=1, seconds=120.0), 10)
    assert worker._on_step(recipe(1), 0.0, TrainingState(step=2, seconds=1e6), 10)
    assert not worker._on_step(recipe(1), 2.0, TrainingState(step=3, seconds=120.5), 10)
    assert (tmp_path / "cancel").exists()
    assert "after 2 minutes" in RunState.read(tmp_path).notes


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("ATTNVIZ_RUNS")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(RunError, match=r"no home folder .* Set ATTNVIZ_RUNS"):
        runs_folder()
    assert list_runs() == ()


def test_no_more_than_three_are_trained_at_once(runs: Path, tmp_path: Path) -> None:
    for number in range(3):
        job_in(runs / str(number), tmp_path, 1)
    with pytest.raises(RunError, match="3 runs are working") as refused:
        start_run(recipe(1), tmp_path, size=32, concurrent=True)
    assert not isinstance(refused.value, BusyError)
    RunState(RunPhase.PAUSED).write(runs / "1")
    with pytest.raises(BusyError, match="is running"):
        start_run(recipe(1), tmp_path, size=32)
    assert {run.name for run in runs.iterdir() if run.is_dir()} == {"0", "1", "2"}
