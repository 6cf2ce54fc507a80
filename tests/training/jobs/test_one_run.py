"""Runs as separate processes: started, watched, paused, resumed, cancelled."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from attnviz.errors import RunError
from attnviz.jobs import background_run as live
from attnviz.jobs import worker as job_worker
from attnviz.pictures import Picture, open_picture
from attnviz.training.data import data
from attnviz.training.data.shapes import SHAPES
from attnviz.training.jobs import worker as live_worker
from attnviz.training.jobs.runs import BusyError, find_run, list_runs, start_run
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.training.jobs.worker import train_in_folder
from attnviz.training.loop.checkpoint import TrainingState
from attnviz.training.loop.run import train_and_export
from attnviz.training.loop.trainer import PausedError
from attnviz.training.recipe import Phase, Recipe
from attnviz.training.recording.file import Recording
from tests.training.jobs.running import assert_same, job_in, recipe, wait

pytestmark = pytest.mark.slow


def test_a_run_killed_in_its_second_epoch_resumes_to_the_same_result(
    shapes: Path, runs: Path, tmp_path: Path
) -> None:
    """Killed in the second epoch of three, after a step that no checkpoint has.

    `os._exit` ends the process as a kill does, at once and without any cleanup.
    """
    run = job_in(runs / "killed", shapes, 3)
    code = (
        "import os, sys; from pathlib import Path; from attnviz.training.loop import trainer;"
        "from attnviz.training.jobs.worker import work; step = trainer.Trainer._step;"
        "trainer.Trainer._step = lambda self, batch, epoch: ("
        "step(self, batch, epoch) if epoch < 1.5 else os._exit(9));"
        "work(Path(sys.argv[1]))"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(run.folder)], check=False)
    assert killed.returncode == 9
    assert run.state.phase is RunPhase.PAUSED  # its state file does not say so: its process is gone
    assert [shot.epoch for shot in Recording.load(run.recording).snapshots] == [0, 1]
    live_worker.work(run.folder)
    assert run.state.phase is RunPhase.DONE, run.state.text
    train_and_export(recipe(3), shapes, tmp_path / "full", size=32, device="cpu")
    assert_same(run.folder, tmp_path / "full")
    shots = Recording.load(run.recording).snapshots
    assert [shot.epoch for shot in shots] == [0, 1, 2, 3]
    masks = [shot.maps["soft-mask", "stage3.attention"] for shot in shots]
    assert all((before != after).any() for before, after in pairwise(masks))


def test_a_paused_and_killed_run_resumes_to_the_same_result(shapes: Path, tmp_path: Path) -> None:
    run = start_run(recipe(3), shapes, size=32, device="cpu")
    with pytest.raises(BusyError, match="is running"):
        start_run(recipe(1), shapes, size=32)
    wait(run, lambda state: state.phase is RunPhase.WORKING and state.step >= 1)
    run.pause()
    paused = wait(run, lambda state: state.phase is RunPhase.PAUSED)
    assert 1 <= paused.step < paused.steps
    run.resume()
    wait(run, lambda state: state.phase is RunPhase.WORKING and state.step > paused.step)
    process = live._PROCESSES[run.folder]
    assert process.pid == int((run.folder / "pid").read_text())
    process.kill()
    wait(run, lambda state: state.phase is RunPhase.PAUSED)  # by its missing process
    run.resume()
    done = wait(run, lambda state: state.phase in (RunPhase.DONE, RunPhase.FAILED))
    assert done.phase is RunPhase.DONE, done.text
    assert done.step == done.steps
    assert "top-1" in done.text

    uninterrupted = tmp_path / "full"
    train_and_export(recipe(3), shapes, uninterrupted, size=32, device="cpu")
    assert_same(run.folder, uninterrupted)
    assert Recording.load(run.recording).classes == SHAPES


def test_a_run_of_the_command_line_is_watched_paused_and_resumed(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "elsewhere" / "mine"
    job = Job(recipe(3).to_json(), str(shapes), 32, "cpu")
    assert find_run(out) is None
    ended: list[str] = []

    def trained() -> None:
        try:
            train_in_folder(out, job)
        except PausedError as error:
            ended.append(str(error))

    thread = threading.Thread(target=trained)
    thread.start()
    while (run := find_run(out)) is None:
        time.sleep(0.05)
    wait(run, lambda state: state.phase is RunPhase.WORKING and state.step > 0)
    monkeypatch.setattr(job_worker, "LOCK_SECONDS", 0.1)
    with pytest.raises(RunError, match="Another process works"):
        train_in_folder(out, job)
    monkeypatch.undo()
    run.pause()
    thread.join(60)
    assert len(ended) == 1
    assert run.state.phase is RunPhase.PAUSED
    assert run not in list_runs()
    run.resume()
    assert wait(run, lambda state: not state.phase.active).phase is RunPhase.DONE
    train_and_export(recipe(3), shapes, tmp_path / "full", size=32, device="cpu")
    assert_same(out, tmp_path / "full")


def test_a_cancelled_run_keeps_its_recording(shapes: Path) -> None:
    run = start_run(recipe(50), shapes, size=32, device="cpu")
    assert list_runs() == (run,)
    wait(run, lambda state: state.phase is RunPhase.WORKING)
    run.cancel()
    wait(run, lambda state: state.phase is RunPhase.CANCELLED)
    assert list_runs() == (run,)
    assert Recording.load(run.recording).snapshots[0].step == 0
    run.dismiss()
    assert list_runs() == ()
    assert run.recording.exists()


def test_a_run_paused_at_the_end_of_an_epoch_has_its_score(shapes: Path, tmp_path: Path) -> None:
    def until_the_epoch_ends(progress: TrainingState, _steps: int) -> bool:
        return progress.step != 2

    out = tmp_path / "interrupted"
    with pytest.raises(PausedError):
        train_and_export(
            recipe(2), shapes, out, size=32, device="cpu", on_step=until_the_epoch_ends
        )
    assert np.isfinite(Recording.load(out / "ran-small.attn").snapshots[-1].accuracy)
    train_and_export(recipe(2), shapes, out, size=32, device="cpu")
    train_and_export(recipe(2), shapes, tmp_path / "full", size=32, device="cpu")
    assert_same(out, tmp_path / "full")


@pytest.mark.parametrize(
    ("request_file", "phase"), [("pause", RunPhase.PAUSED), ("cancel", RunPhase.CANCELLED)]
)
def test_a_request_is_followed_while_pictures_are_read(
    shapes: Path, runs: Path, monkeypatch: pytest.MonkeyPatch, request_file: str, phase: RunPhase
) -> None:
    run = job_in(runs / "one", shapes, 1)
    opened: list[str] = []

    def counted(path: Path) -> Picture:
        opened.append(path.name)
        if len(opened) == 5:
            (run.folder / request_file).touch()
        return open_picture(path)

    monkeypatch.setattr(data, "open_picture", counted)
    live_worker.work(run.folder)
    assert len(opened) == 5
    assert run.state.phase is phase
    assert "while its pictures were read" in run.state.text
    assert not run.recording.exists()


def test_a_run_stopped_at_its_last_score_resumes_there(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "stopped"
    steps: list[int] = []

    def on_step(progress: TrainingState, _steps: int) -> bool:
        steps.append(progress.step)
        return True

    with pytest.raises(PausedError, match="at its last score"):
        train_and_export(
            recipe(1), shapes, out, size=32, device="cpu", on_step=on_step,
            keep_running=lambda: 2 not in steps,
        )  # fmt: skip
    assert steps == [1, 2]
    assert not (out / "ran-small.json").exists()
    train_and_export(recipe(1), shapes, out, size=32, device="cpu", on_step=on_step)
    assert steps == [1, 2]
    train_and_export(recipe(1), shapes, tmp_path / "full", size=32, device="cpu")
    assert_same(out, tmp_path / "full")


def test_the_remaining_time_accounts_for_small_pictures(runs: Path) -> None:
    assert RunState(RunPhase.WORKING, 0, 40).seconds_left is None
    assert RunState(RunPhase.WORKING, 10, 40, 20.0).seconds_left == pytest.approx(60)
    assert RunState(RunPhase.WORKING, 10, 40, 20.0, share=0.1).seconds_left == pytest.approx(180)
    assert RunState(RunPhase.WORKING, 40, 40, 20.0, share=1.0).seconds_left == 0
    staged = Recipe(phases=(Phase(2, 32), Phase(1, 64)))  # 1 + 1 + 4 parts
    runs.mkdir()
    assert live_worker._Worker(runs)._on_step(staged, 0.0, TrainingState(4, 10.0), 6)
    state = RunState.read(runs)
    assert (state.step, state.steps) == (4, 6)
    assert state.seconds_left == pytest.approx(20)
