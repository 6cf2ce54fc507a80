"""The buttons of a run on the page "Training", without a process that would hear them."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from attnviz.training.jobs.runs import TrainingRun, start_run
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.ui.kit.text import duration
from attnviz.ui.pages.training.start_run import live_recipe
from tests.ui.pages.training.training_pages import PAGE, assert_fine


def button(page: AppTest, label: str) -> Button:
    (found,) = [one for one in page.button if one.label == label]
    return found


def test_pause_is_wished_for_and_go_on_starts_the_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    started: list[tuple[Path, bool]] = []
    monkeypatch.setattr(
        TrainingRun, "_start", lambda run, *, concurrent: started.append((run.folder, concurrent))
    )
    monkeypatch.setattr(TrainingRun, "_alive", lambda _run, _state: True)
    run = start_run(live_recipe("ran-small", 1, 32), tmp_path / "shapes", size=32)
    RunState(RunPhase.WORKING, 3, 9).write(run.folder)
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.query_params["run"] = "cifar-naive"
    page.run()
    assert "Resume" not in {one.label for one in page.button}
    button(page, "Pause").click().run()
    assert_fine(page)
    assert (run.folder / "pause").exists()
    assert not (run.folder / "cancel").exists()
    RunState(RunPhase.PAUSED, 3, 9).write(run.folder)
    page.run()
    assert "Pause" not in {one.label for one in page.button}
    assert started == [(run.folder, False)]
    button(page, "Resume").click().run()
    assert_fine(page)
    assert started == [(run.folder, False)] * 2


@pytest.mark.parametrize(("share", "shown"), [(0.25, 25), (0.0, 50)])
def test_the_bar_and_the_time_left_go_by_the_same_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, shown: int
) -> None:
    """Half of the steps, of which the first were small pictures, are a quarter of the work."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(TrainingRun, "_alive", lambda _run, _state: True)
    folder = tmp_path / "runs" / "staged"
    folder.mkdir(parents=True)
    Job(live_recipe("ran-small", 1, 32).to_json(), "/data", 32).write(folder)
    RunState(RunPhase.WORKING, 30, 60, 60.0, share=share).write(folder)
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.query_params["run"] = "cifar-naive"
    page.run()
    assert_fine(page)
    (bar,) = page.get("progress")
    assert bar.proto.value == shown
    left = 60 * (100 - shown) / shown
    assert bar.proto.text == f"staged: 30 of 60 steps, {duration(left)} left"


def test_what_diverged_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would end at the same step again, and the form offers no learning rate."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    folder = tmp_path / "runs" / "wild"
    folder.mkdir(parents=True)
    Job(live_recipe("ran-small", 1, 32).to_json(), "/data", 32).write(folder)
    RunState(RunPhase.DIVERGED, 3, 9, text="The loss became nan.").write(folder)
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.query_params["run"] = "cifar-naive"
    page.run()
    assert_fine(page)
    (bar,) = page.get("progress")
    assert bar.proto.text == "wild: The loss became nan."
    assert not {"Resume", "Pause", "Cancel"} & {one.label for one in page.button}
    button(page, "Remove from the list").click().run()
    assert_fine(page)
    assert not page.get("progress")
    RunState(RunPhase.FAILED, 3, 9, text="Make room.").write(folder)
    (folder / "dismissed").unlink()
    page.run()
    button(page, "Resume")
