"""Failures of a run give a clear message, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from attnviz.errors import RunError, TrainingError
from attnviz.training.data.augment import Batch
from attnviz.training.jobs import worker as live_worker
from attnviz.training.jobs.runs import start_run
from attnviz.training.jobs.state import RunPhase, RunState
from attnviz.training.loop.run import train_and_export
from attnviz.training.loop.trainer import PausedError, Trainer
from attnviz.training.recording.file import Recording
from tests.training.jobs.running import assert_same, job_in, recipe

pytestmark = pytest.mark.slow


def test_an_unusable_data_folder_fails_with_a_clear_message(tmp_path: Path, runs: Path) -> None:
    (tmp_path / "one" / "only").mkdir(parents=True)
    run = job_in(runs / "one", tmp_path / "one", 1)
    live_worker.work(run.folder)
    assert run.state.phase is RunPhase.FAILED
    assert "at least two" in run.state.text
    run.cancel()
    assert run.state.phase is RunPhase.CANCELLED


def test_broken_pictures_are_left_out_and_reported(shapes: Path, runs: Path) -> None:
    (shapes / "star" / "broken.jpg").write_bytes(b"no picture")
    run = job_in(runs / "one", shapes, 1)
    live_worker.work(run.folder)
    assert run.state.phase is RunPhase.DONE, run.state.text
    assert "left out: " in run.state.notes
    assert "broken.jpg" in run.state.notes


def test_a_full_disk_is_reported_and_nothing_is_lost(
    shapes: Path, runs: Path, tmp_path: Path
) -> None:
    """Files are limited to 1 MB, so the first checkpoint does not fit."""
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    run = job_in(runs / "full", shapes, 3)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        live_worker.work(run.folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    state = run.state
    assert state.phase is RunPhase.FAILED
    assert "checkpoint.safetensors could not be written" in state.text
    assert "make room and resume" in state.text
    assert not list(run.folder.glob("*.partial"))  # the partial file was removed
    assert [shot.step for shot in Recording.load(run.recording).snapshots] == [0, 2]
    live_worker.work(run.folder)
    assert run.state.phase is RunPhase.DONE, run.state.text
    train_and_export(recipe(3), shapes, tmp_path / "full", size=32, device="cpu")
    assert_same(run.folder, tmp_path / "full")


def test_a_diverging_run_is_reported_and_leaves_one_recording(
    shapes: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its second step, where the first checkpoint is due, and again whenever it is resumed.

    The message appears on a page without a learning rate, and on the command line.
    """
    run = job_in(runs / "wild", shapes, 3)
    original = Trainer._step

    def step(self: Trainer, batch: Batch, epoch: float) -> float:
        loss = original(self, batch, epoch)
        if epoch > 0:
            next(self.module.parameters()).data[0] = torch.nan
        return loss

    monkeypatch.setattr(Trainer, "_step", step)
    for _ in range(3):
        live_worker.work(run.folder)
        assert run.state.phase is RunPhase.DIVERGED
        assert "the training has diverged" in run.state.text
        assert "another seed, or with a lower learning rate where it can be" in run.state.text
        assert "set-aside" not in run.state.notes
    assert [path.name for path in run.folder.glob("*.attn")] == ["ran-small.attn"]
    assert [shot.step for shot in Recording.load(run.recording).snapshots] == [0]


def test_a_truncated_recording_is_moved_aside_and_the_training_resumes(
    shapes: Path, runs: Path
) -> None:
    run = job_in(runs / "cut", shapes, 2)
    with pytest.raises(PausedError):
        train_and_export(
            recipe(2), shapes, run.folder, size=32, device="cpu", on_step=lambda *_: False
        )
    cut = run.recording.read_bytes()[:-9]
    run.recording.write_bytes(cut)
    live_worker.work(run.folder)
    assert run.state.phase is RunPhase.DONE, run.state.text
    assert "ran-small.set-aside.attn" in run.state.notes
    assert (run.folder / "ran-small.set-aside.attn").read_bytes() == cut
    assert Recording.load(run.recording).snapshots[0].step == 2  # it was stopped after step 1


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"phase": "asleep"}', '{"step": 3}', '{"phase": "paused", "colour": 1}',
     '{"phase": "paused", "step": "many"}'],
)  # fmt: skip
def test_a_state_of_another_version_counts_as_failed(shapes: Path, runs: Path, text: str) -> None:
    run = job_in(runs / "strange", shapes, 1)
    (run.folder / "state.json").write_text(text)
    assert run.state.phase is RunPhase.FAILED
    assert "cannot be read" in run.state.text
    run.cancel()
    assert run.state.phase is RunPhase.CANCELLED


def test_a_job_of_another_version_is_reported(shapes: Path, runs: Path) -> None:
    run = job_in(runs / "strange", shapes, 1)
    job = json.loads((run.folder / "job.json").read_text())
    job["recipe"] = job["recipe"].replace('"average"', '"avarage"')
    (run.folder / "job.json").write_text(json.dumps(job))
    with pytest.raises(TrainingError, match="another version"):
        _ = run.recording
    live_worker.work(run.folder)
    assert run.state.phase is RunPhase.FAILED
    assert "another version" in run.state.text


def test_an_unwritable_runs_folder_raises_a_clear_error(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "file" / "runs"))
    with pytest.raises(RunError, match=r"cannot be written .* ATTNVIZ_RUNS"):
        start_run(recipe(1), shapes, size=32)


def test_a_training_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    state = '{"phase": "training", "step": 3, "steps": 9, "seconds": 1.5, "loss": 2.0}'
    (tmp_path / "state.json").write_text(state)
    read = RunState.read(tmp_path)
    assert (read.phase, read.step, read.seconds, read.loss) == (RunPhase.WORKING, 3, 1.5, 2.0)
