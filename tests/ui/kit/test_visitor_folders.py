"""Folders of visitors: each one's own, and gone some time after the last visit."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.jobs.registered_folders import runs_folder
from attnviz.training.jobs.runs import list_runs
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.ui.kit import visitor_folders
from attnviz.ui.kit.visitor_folders import VisitorFolders, own_runs_folder
from attnviz.ui.pages.training.start_run import live_recipe


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_folders_differ_and_go_two_hours_after_the_last_visit(tmp_path: Path) -> None:
    clock = Clock()
    folders = VisitorFolders(tmp_path, clock)
    first, second = folders.of("first"), folders.of("../second")
    assert {first.parent, second.parent} == {tmp_path}
    for folder in (first, second):
        folder.mkdir()
    clock.now = 3600.0
    assert folders.of("first") == first
    clock.now = 7201.0
    folders.of("third")
    assert (first.exists(), second.exists()) == (True, False)


def test_a_training_is_ended_before_its_folder_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    folders = VisitorFolders(tmp_path, clock)
    run = folders.of("one") / "runs" / "run"
    run.mkdir(parents=True)
    Job(live_recipe("ran-cifar", 1, 32).to_json(), "/data", 32).write(run)
    RunState(RunPhase.READING, 5, 10).write(run)  # just started: its process has no lock yet
    clock.now = 7201.0
    folders.of("two")
    assert (run / "cancel").exists()
    RunState(RunPhase.CANCELLED, 6, 10).write(run)
    folders.of("two")
    assert not run.exists()


def test_a_folder_that_cannot_be_read_keeps_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    folders = VisitorFolders(tmp_path, clock)
    bad, good = folders.of("bad"), folders.of("good")
    for folder in (bad, good):
        folder.mkdir()
    stop = visitor_folders._stop_runs

    def refused(runs: Path) -> bool:
        if runs.parent == bad:
            raise PermissionError(13, "Permission denied")
        return stop(runs)

    with monkeypatch.context() as broken:
        broken.setattr(visitor_folders, "_stop_runs", refused)
        clock.now = 7201.0
        folders.remove_idle()
        assert (bad.exists(), good.exists()) == (True, False)
    clock.now = 14402.0
    folders.remove_idle()
    assert not bad.exists()


def test_only_in_hosted_mode_a_visitor_has_trainings_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("ATTNVIZ_MODE", "local")
    assert own_runs_folder() == runs_folder() == tmp_path / "runs"
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    monkeypatch.setattr(visitor_folders, "visitor", lambda: "me")
    mine = own_runs_folder()
    monkeypatch.setattr(visitor_folders, "visitor", lambda: "you")
    assert own_runs_folder() != mine
    assert not mine.is_relative_to(tmp_path)
    assert list_runs(own_runs_folder()) == ()
