"""Training in a process of its own: begun, watched, paused, gone on with, cancelled."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from safetensors import safe_open
from safetensors.torch import load_file

from attnviz.errors import TrainingError
from attnviz.pictures import Picture, open_picture
from attnviz.training import data, live, live_worker
from attnviz.training.checkpoint import Progress
from attnviz.training.elsewhere import folders_elsewhere
from attnviz.training.live import BusyError, LiveRun, begin, live_runs, run_in, train_here
from attnviz.training.live_state import Job, Phase, State
from attnviz.training.live_worker import train_watched
from attnviz.training.recipe import Phase as Stage
from attnviz.training.recipe import Recipe
from attnviz.training.recording import Recording
from attnviz.training.run import train_and_export
from attnviz.training.shapes import SHAPES, write_shapes
from attnviz.training.trainer import PausedError

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runs"
    monkeypatch.setenv("ATTNVIZ_RUNS", str(folder))
    return folder


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", per_class=10, side=32)
    return tmp_path / "shapes"


def recipe(epochs: int) -> Recipe:
    return Recipe(
        phases=(Stage(epochs, 32),), store=32, batch=16, rate=0.02, warm_up=0.5, average=0.9
    )


def wait(run: LiveRun, done: Callable[[State], bool]) -> State:
    for _ in range(1200):
        state = run.state
        if done(state):
            return state
        time.sleep(0.1)
    pytest.fail(f"{run.state}\n{(run.folder / 'log.txt').read_text()[-2000:]}")


def job_in(folder: Path, shapes: Path, epochs: int) -> LiveRun:
    """A run that nobody works on yet."""
    folder.mkdir(parents=True)
    job = Job(recipe(epochs).to_json(), str(shapes), 32, "cpu")
    (folder / "job.json").write_text(json.dumps(asdict(job)))
    State(Phase.READING).write(folder)
    return LiveRun(folder)


def assert_same(one: Path, other: Path) -> None:
    """The same weights, and the same recording to the last bit."""
    ours = load_file(one / "ran-small.safetensors")
    for name, value in load_file(other / "ran-small.safetensors").items():
        assert value.equal(ours[name]), name
    first, second = (
        safe_open(folder / "ran-small.attn", framework="numpy") for folder in (one, other)
    )
    assert first.metadata() == second.metadata()
    assert first.keys() == second.keys()
    for name in first.keys():  # noqa: SIM118
        np.testing.assert_array_equal(first.get_tensor(name), second.get_tensor(name), name)


def test_a_run_killed_in_its_second_epoch_goes_on_as_an_unbroken_one(
    shapes: Path, runs: Path, tmp_path: Path
) -> None:
    """Killed for real in step 2 of the 3 epochs of 2 steps, so that one step is lost."""
    run = job_in(runs / "killed", shapes, 3)
    code = (
        "import os, signal, sys; from pathlib import Path; from attnviz.training import trainer;"
        "from attnviz.training.live_worker import work; step = trainer.Trainer._step;"
        "trainer.Trainer._step = lambda self, batch, epoch: ("
        "step(self, batch, epoch) if epoch < 1.5 else os.kill(os.getpid(), signal.SIGKILL));"
        "work(Path(sys.argv[1]))"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(run.folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert run.state.phase is Phase.PAUSED  # nobody said so: its process is gone
    assert [shot.epoch for shot in Recording.load(run.recording).snapshots] == [0, 1]
    live_worker.work(run.folder)
    assert run.state.phase is Phase.DONE, run.state.text
    train_and_export(recipe(3), shapes, tmp_path / "whole", size=32, device="cpu")
    assert_same(run.folder, tmp_path / "whole")
    shots = Recording.load(run.recording).snapshots
    assert [shot.epoch for shot in shots] == [0, 1, 2, 3]
    masks = [shot.maps["soft-mask", "stage3.attention"] for shot in shots]
    assert all((one != other).any() for one, other in pairwise(masks))


def test_a_paused_and_a_killed_run_end_as_an_unbroken_one(shapes: Path, tmp_path: Path) -> None:
    run = begin(recipe(3), shapes, size=32, device="cpu")
    with pytest.raises(TrainingError, match="is being trained"):
        begin(recipe(1), shapes, size=32)
    wait(run, lambda state: state.phase is Phase.TRAINING and state.step >= 1)
    run.pause()
    paused = wait(run, lambda state: state.phase is Phase.PAUSED)
    assert 1 <= paused.step < paused.steps
    run.go_on()
    wait(run, lambda state: state.phase is Phase.TRAINING and state.step > paused.step)
    os.kill(int((run.folder / "pid").read_text()), signal.SIGKILL)
    wait(run, lambda state: state.phase is Phase.PAUSED)  # nobody said so: its process is gone
    run.go_on()
    done = wait(run, lambda state: state.phase in (Phase.DONE, Phase.FAILED))
    assert done.phase is Phase.DONE, done.text
    assert done.step == done.steps
    assert "top-1" in done.text

    whole = tmp_path / "whole"
    train_and_export(recipe(3), shapes, whole, size=32, device="cpu")
    assert_same(run.folder, whole)
    assert Recording.load(run.recording).classes == SHAPES


def test_a_run_of_the_command_line_is_watched_paused_and_gone_on_with(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "elsewhere" / "mine"
    job = Job(recipe(3).to_json(), str(shapes), 32, "cpu")
    assert run_in(out) is None
    ended: list[str] = []

    def trained() -> None:
        try:
            train_watched(out, job)
        except PausedError as error:
            ended.append(str(error))

    thread = threading.Thread(target=trained)
    thread.start()
    while (run := run_in(out)) is None:
        time.sleep(0.05)
    wait(run, lambda state: state.phase is Phase.TRAINING and state.step > 0)
    monkeypatch.setattr(live_worker, "_LOCK_SECONDS", 0.1)
    with pytest.raises(TrainingError, match="trained by another process"):
        train_watched(out, job)
    monkeypatch.undo()
    run.pause()
    thread.join(60)
    assert len(ended) == 1
    assert run.state.phase is Phase.PAUSED
    assert run not in live_runs()
    run.go_on()
    assert wait(run, lambda state: not state.phase.going).phase is Phase.DONE
    train_and_export(recipe(3), shapes, tmp_path / "whole", size=32, device="cpu")
    assert_same(out, tmp_path / "whole")


def test_a_cancelled_run_keeps_what_it_recorded_and_makes_room_for_the_next(shapes: Path) -> None:
    run = begin(recipe(50), shapes, size=32, device="cpu")
    assert live_runs() == (run,)
    wait(run, lambda state: state.phase is Phase.TRAINING)
    run.cancel()
    wait(run, lambda state: state.phase is Phase.CANCELLED)
    assert live_runs() == (run,)
    assert Recording.load(run.recording).snapshots[0].step == 0
    run.dismiss()
    assert live_runs() == ()
    assert run.recording.exists()


def test_two_at_once_only_where_somebody_says_so(
    shapes: Path, monkeypatch: pytest.MonkeyPatch, runs: Path
) -> None:
    first = begin(recipe(200), shapes, size=32, device="cpu")
    with pytest.raises(BusyError, match="side by side"):
        begin(recipe(1), shapes, size=32, device="cpu")
    assert live_runs() == (first,)
    second = begin(recipe(200), shapes, size=32, device="cpu", beside=True)
    assert second.folder != first.folder
    for run in (first, second):
        wait(run, lambda state: state.phase is Phase.TRAINING)
    second.pause()
    wait(second, lambda state: state.phase is Phase.PAUSED)
    with pytest.raises(BusyError):
        second.go_on()
    # Another server on the same folders knows of no child of its own, and sees the same.
    monkeypatch.setattr(live, "_BEGUN", {})
    assert first.state.phase is Phase.TRAINING
    assert second.state.phase is Phase.PAUSED
    first.cancel()
    second.cancel()
    assert second.state.phase is Phase.CANCELLED
    wait(first, lambda state: state.phase is Phase.CANCELLED)


def test_a_training_is_known_wherever_it_lies(
    shapes: Path, tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page and the command line each see the other's, and those opened by folder."""
    job = Job(recipe(1).to_json(), str(tmp_path / "missing"), 32, "cpu")
    here, other = tmp_path / "mine" / "here", tmp_path / "mine" / "other"
    paused = job_in(other, shapes, 1)
    State(Phase.PAUSED).write(other)
    with pytest.raises(TrainingError, match="There is no folder"):
        train_here(here, job)
    assert folders_elsewhere() == (here,)
    State(Phase.TRAINING).write(here)
    with FileLock(here / live_worker.LOCK):  # as its process does that still lives
        for start in (
            lambda: begin(recipe(1), shapes, size=32),
            lambda: paused.go_on(),
            lambda: train_here(tmp_path / "third", job),
        ):
            with pytest.raises(BusyError, match=f"{here} is being trained"):
                start()
        with pytest.raises(TrainingError, match="There is no folder"):
            train_here(tmp_path / "third", job, beside=True)
    assert live_runs() == ()
    assert not (runs / "elsewhere" / "job.json").exists()
    # Its process has died: nobody needs to be asked. What was dismissed is there again.
    (runs / "own").mkdir()
    (runs / "own" / "dismissed").touch()
    with pytest.raises(TrainingError, match="There is no folder"):
        train_here(runs / "own", job)
    assert live_runs() == (LiveRun(runs / "own"),)
    assert set(folders_elsewhere()) == {here, tmp_path / "third"}


def test_the_command_line_trains_where_no_runs_can_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "file" / "runs"))
    job = Job(recipe(1).to_json(), str(tmp_path / "missing"), 32, "cpu")
    with pytest.raises(TrainingError, match="There is no folder"):
        train_here(tmp_path / "here", job)


def test_a_folder_that_cannot_be_trained_on_fails_with_a_sentence(
    tmp_path: Path, runs: Path
) -> None:
    (tmp_path / "one" / "only").mkdir(parents=True)
    run = job_in(runs / "one", tmp_path / "one", 1)
    live_worker.work(run.folder)
    assert run.state.phase is Phase.FAILED
    assert "at least two" in run.state.text
    run.cancel()
    assert run.state.phase is Phase.CANCELLED


def test_broken_pictures_are_left_out_and_told(shapes: Path, runs: Path) -> None:
    (shapes / "star" / "broken.jpg").write_bytes(b"no picture")
    run = job_in(runs / "one", shapes, 1)
    live_worker.work(run.folder)
    assert run.state.phase is Phase.DONE, run.state.text
    assert "left out: " in run.state.notes
    assert "broken.jpg" in run.state.notes


def test_a_full_disk_is_told_and_nothing_is_lost(shapes: Path, runs: Path, tmp_path: Path) -> None:
    """The system lets no file grow beyond 1 MB, so the first checkpoint does not fit."""
    run = job_in(runs / "full", shapes, 3)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        live_worker.work(run.folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    state = run.state
    assert state.phase is Phase.FAILED
    assert "checkpoint.safetensors could not be written" in state.text
    assert "make room and go on" in state.text
    assert not list(run.folder.glob("*.partial"))  # what did not fit has been taken away
    assert [shot.step for shot in Recording.load(run.recording).snapshots] == [0, 2]
    live_worker.work(run.folder)
    assert run.state.phase is Phase.DONE, run.state.text
    train_and_export(recipe(3), shapes, tmp_path / "whole", size=32, device="cpu")
    assert_same(run.folder, tmp_path / "whole")


def test_a_recording_that_was_cut_off_is_set_aside_and_the_training_goes_on(
    shapes: Path, runs: Path
) -> None:
    run = job_in(runs / "cut", shapes, 2)
    with pytest.raises(PausedError):
        train_and_export(
            recipe(2), shapes, run.folder, size=32, device="cpu", watch=lambda *_: False
        )
    cut = run.recording.read_bytes()[:-9]
    run.recording.write_bytes(cut)
    live_worker.work(run.folder)
    assert run.state.phase is Phase.DONE, run.state.text
    assert "ran-small.set-aside.attn" in run.state.notes
    assert (run.folder / "ran-small.set-aside.attn").read_bytes() == cut
    assert Recording.load(run.recording).snapshots[0].step == 2  # it was stopped after step 1


def test_a_run_paused_at_the_end_of_an_epoch_has_its_score(shapes: Path, tmp_path: Path) -> None:
    def until_the_epoch_ends(progress: Progress, _steps: int) -> bool:
        return progress.step != 2

    out = tmp_path / "broken"
    with pytest.raises(PausedError):
        train_and_export(recipe(2), shapes, out, size=32, device="cpu", watch=until_the_epoch_ends)
    assert np.isfinite(Recording.load(out / "ran-small.attn").snapshots[-1].accuracy)
    train_and_export(recipe(2), shapes, out, size=32, device="cpu")
    train_and_export(recipe(2), shapes, tmp_path / "whole", size=32, device="cpu")
    assert_same(out, tmp_path / "whole")


@pytest.mark.parametrize(("wish", "phase"), [("pause", Phase.PAUSED), ("cancel", Phase.CANCELLED)])
def test_a_wish_is_heard_while_pictures_are_read(
    shapes: Path, runs: Path, monkeypatch: pytest.MonkeyPatch, wish: str, phase: Phase
) -> None:
    run = job_in(runs / "one", shapes, 1)
    opened: list[str] = []

    def counted(path: Path) -> Picture:
        opened.append(path.name)
        if len(opened) == 5:
            (run.folder / wish).touch()
        return open_picture(path)

    monkeypatch.setattr(data, "open_picture", counted)
    live_worker.work(run.folder)
    assert len(opened) == 5
    assert run.state.phase is phase
    assert "while its pictures were read" in run.state.text
    assert not run.recording.exists()


def test_a_run_stopped_at_its_last_score_has_only_that_left_to_do(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "stopped"
    steps: list[int] = []

    def watch(progress: Progress, _steps: int) -> bool:
        steps.append(progress.step)
        return True

    with pytest.raises(PausedError, match="at its last score"):
        train_and_export(
            recipe(1), shapes, out, size=32, device="cpu", watch=watch,
            wanted=lambda: 2 not in steps,
        )  # fmt: skip
    assert steps == [1, 2]
    assert not (out / "ran-small.json").exists()
    train_and_export(recipe(1), shapes, out, size=32, device="cpu", watch=watch)
    assert steps == [1, 2]
    train_and_export(recipe(1), shapes, tmp_path / "whole", size=32, device="cpu")
    assert_same(out, tmp_path / "whole")


def test_the_time_left_knows_that_small_pictures_are_cheap(runs: Path) -> None:
    assert State(Phase.TRAINING, 0, 40).left is None
    assert State(Phase.TRAINING, 10, 40, 20.0).left == pytest.approx(60)
    assert State(Phase.TRAINING, 10, 40, 20.0, share=0.1).left == pytest.approx(180)
    assert State(Phase.TRAINING, 40, 40, 20.0, share=1.0).left == 0
    staged = Recipe(phases=(Stage(2, 32), Stage(1, 64)))  # 1 + 1 + 4 parts
    runs.mkdir()
    assert live_worker._Worker(runs)._watch(staged, Progress(4, 10.0), 6)
    state = State.read(runs)
    assert (state.step, state.steps) == (4, 6)
    assert state.left == pytest.approx(20)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"phase": "asleep"}', '{"step": 3}', '{"phase": "paused", "colour": 1}',
     '{"phase": "paused", "step": "many"}'],
)  # fmt: skip
def test_a_state_of_another_version_breaks_no_page(shapes: Path, runs: Path, text: str) -> None:
    run = job_in(runs / "strange", shapes, 1)
    (run.folder / "state.json").write_text(text)
    assert run.state.phase is Phase.FAILED
    assert "cannot be read" in run.state.text
    run.cancel()
    assert run.state.phase is Phase.CANCELLED


def test_a_job_of_another_version_is_told(shapes: Path, runs: Path) -> None:
    run = job_in(runs / "strange", shapes, 1)
    job = json.loads((run.folder / "job.json").read_text())
    job["recipe"] = job["recipe"].replace('"average"', '"avarage"')
    (run.folder / "job.json").write_text(json.dumps(job))
    with pytest.raises(TrainingError, match="another version"):
        _ = run.recording
    live_worker.work(run.folder)
    assert run.state.phase is Phase.FAILED
    assert "another version" in run.state.text


def test_runs_that_cannot_be_written_are_refused_in_a_sentence(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "file" / "runs"))
    with pytest.raises(TrainingError, match=r"cannot be written .* ATTNVIZ_RUNS"):
        begin(recipe(1), shapes, size=32)
