"""Training in a process of its own: begun, watched, paused, gone on with, cancelled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from attnviz.errors import TrainingError
from attnviz.training.live import LiveRun, Phase, State, begin, live_runs
from attnviz.training.recipe import Phase as Stage
from attnviz.training.recipe import Recipe
from attnviz.training.recording import Recording
from attnviz.training.run import train_and_export
from attnviz.training.shapes import SHAPES, write_shapes

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
    ours = load_file(run.folder / "ran-small.safetensors")
    for name, value in load_file(whole / "ran-small.safetensors").items():
        assert value.equal(ours[name]), name
    first, second = (Recording.load(folder / "ran-small.attn") for folder in (whole, run.folder))
    assert [shot.step for shot in first.snapshots] == [shot.step for shot in second.snapshots]
    for one, other in zip(first.snapshots, second.snapshots, strict=True):
        for key, maps in one.maps.items():
            assert (maps == other.maps[key]).all(), (one.step, key)
    assert second.pixels is not None
    assert second.classes == SHAPES


def test_a_cancelled_run_leaves_the_list_and_room_for_the_next(shapes: Path) -> None:
    run = begin(recipe(50), shapes, size=32, device="cpu")
    assert live_runs() == (run,)
    wait(run, lambda state: state.phase is Phase.TRAINING)
    run.cancel()
    wait(run, lambda state: state.phase is Phase.CANCELLED)
    assert live_runs() == ()
    assert Recording.load(run.recording).snapshots[0].step == 0  # what was seen is kept


def test_a_folder_that_cannot_be_trained_on_fails_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "one" / "only").mkdir(parents=True)
    run = begin(recipe(1), tmp_path / "one", size=32, device="cpu")
    state = wait(run, lambda state: state.phase is Phase.FAILED)
    assert "takes at least two" in state.text
    run.cancel()


def test_a_full_disk_is_told_and_nothing_is_lost(
    shapes: Path, monkeypatch: pytest.MonkeyPatch, runs: Path
) -> None:
    from attnviz.training import live

    folder = runs / "full"
    folder.mkdir(parents=True)
    job = live.Job(recipe(1).to_json(), str(shapes), 32, "cpu")
    (folder / "job.json").write_text(live.json.dumps(live.asdict(job)))

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(live, "train_and_export", full)
    live.work(folder)
    state = LiveRun(folder).state
    assert state.phase is Phase.FAILED
    assert "No space left on device" in state.text
    assert "Make room" in state.text
