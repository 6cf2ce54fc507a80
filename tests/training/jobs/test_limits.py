"""A training that may take so many minutes, and where trainings lie for a user without a home."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.errors import TrainingError
from attnviz.training.jobs.registered_folders import runs_folder
from attnviz.training.jobs.runs import list_runs
from attnviz.training.jobs.state import RunState
from attnviz.training.jobs.worker import _Worker
from attnviz.training.loop.checkpoint import TrainingState
from tests.training.jobs.running import recipe


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
    with pytest.raises(TrainingError, match=r"no home folder .* Set ATTNVIZ_RUNS"):
        runs_folder()
    assert list_runs() == ()
