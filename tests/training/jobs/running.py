"""Helpers for tests of runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file

from attnviz.training.jobs.runs import TrainingRun
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.training.recipe import Phase, Recipe


def recipe(epochs: int) -> Recipe:
    return Recipe(
        phases=(Phase(epochs, 32),), store=32, batch=16, rate=0.02, warm_up=0.5, average=0.9
    )


def wait(run: TrainingRun, done: Callable[[RunState], bool]) -> RunState:
    for _ in range(1200):
        state = run.state
        if done(state):
            return state
        time.sleep(0.1)
    pytest.fail(f"{run.state}\n{(run.folder / 'log.txt').read_text()[-2000:]}")


def job_in(folder: Path, shapes: Path, epochs: int) -> TrainingRun:
    """A run without a process."""
    folder.mkdir(parents=True)
    job = Job(recipe(epochs).to_json(), str(shapes), 32, "cpu")
    (folder / "job.json").write_text(json.dumps(asdict(job)))
    RunState(RunPhase.READING).write(folder)
    return TrainingRun(folder)


def assert_same(first: Path, second: Path) -> None:
    """The same weights, and the same recording to the last bit."""
    expected = load_file(first / "ran-small.safetensors")
    for name, value in load_file(second / "ran-small.safetensors").items():
        assert value.equal(expected[name]), name
    recordings = [safe_open(f / "ran-small.attn", framework="numpy") for f in (first, second)]
    ours, theirs = recordings
    assert ours.metadata() == theirs.metadata()
    assert ours.keys() == theirs.keys()
    for name in ours.keys():  # noqa: SIM118
        np.testing.assert_array_equal(ours.get_tensor(name), theirs.get_tensor(name), name)
