"""Runs over many pictures as processes of their own: started, stopped, and gone on with."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.batch import run as batch_run
from attnviz.batch.jobs import worker
from attnviz.batch.jobs.set_run import SetJob, SetRun, list_set_runs, start_set_run
from attnviz.errors import RunError
from attnviz.jobs.busy import BusyError
from attnviz.jobs.state import JobState, RunPhase

pytestmark = pytest.mark.slow
MODEL = "ran-cifar"


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six pictures, of which the last is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(5):
        pixels = random.integers(0, 255, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    (folder / "5.png").write_bytes(b"no picture")
    return folder


def waiting(runs: Path, source: Path) -> SetRun:
    """A run without a process."""
    folder = runs / "sets" / "one"
    folder.mkdir(parents=True)
    SetJob(str(source), MODEL, device="cpu").write(folder)
    JobState(RunPhase.PAUSED).write(folder)
    return SetRun(folder)


def test_a_run_in_a_process_of_its_own_ends_with_whole_results(photos: Path, runs: Path) -> None:
    job = SetJob(str(photos), MODEL, method="attention", device="cpu")
    started = start_set_run(job, runs / "sets")
    assert started.folder.name.endswith(f"{MODEL}, photos")
    with pytest.raises(BusyError, match=r"photos is running\. Wait"):
        start_set_run(job, runs / "sets")
    for _ in range(3000):
        if not started.state.phase.active:
            break
        time.sleep(0.1)
    state = started.state
    assert state.phase is RunPhase.DONE, (state, (started.folder / "log.txt").read_text()[-2000:])
    assert (state.step, state.steps) == (6, 6)
    assert state.text == "6 pictures, 1 of which could not be opened."
    assert list_set_runs(runs / "sets") == (started,)
    rows = started.results.scores().to_pylist()
    expected = attnviz.explain(attnviz.load_model(MODEL, "cpu"), photos / "3.png", "attention")
    assert rows[3]["top1"] == expected.predictions[0].label
    assert rows[3]["probability1"] == pytest.approx(expected.predictions[0].probability, abs=1e-4)
    assert [row["error"] is None for row in rows] == [True] * 5 + [False]


def test_it_stops_on_request_and_goes_on_where_it_stopped(
    photos: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_run, "_PART", 2)
    run = waiting(runs, photos)
    told: list[int] = []

    def tell(own: worker._SetWorker, *, at_once: bool = False, **changes: int) -> None:
        told.append(changes["step"])
        if told == [1, 2, 3]:
            run.pause()

    monkeypatch.setattr(worker._SetWorker, "tell", tell)
    worker.work(run.folder)
    assert run.state.phase is RunPhase.PAUSED
    assert run.state.text == "It was stopped after 3 of 6 pictures."
    assert run.results.done() == {0}
    (run.folder / "pause").unlink()
    worker.work(run.folder)
    assert run.state.phase is RunPhase.DONE, run.state.text
    assert told[3:] == [3, 4, 5, 6]  # the first part is not computed again
    assert len(run.results.scores()) == 6


def test_what_cannot_be_done_is_said(tmp_path: Path, runs: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = waiting(runs, tmp_path / "empty")
    worker.work(run.folder)
    assert run.state.phase is RunPhase.FAILED
    assert "There is no picture in the folder" in run.state.text
    (run.folder / "job.json").write_text('{"source": "/x"}')
    with pytest.raises(RunError, match="'model' is missing"):
        _ = run.job


def test_a_hosted_visitors_target_opens_no_file(
    photos: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = waiting(runs, photos)
    secret = photos / "0.png"
    SetJob(str(photos), MODEL, target=f"alike:{secret}", device="cpu").write(run.folder)
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    worker.work(run.folder)
    assert run.state.phase is RunPhase.FAILED
    assert run.state.text.endswith("cannot be opened here. Choose it instead."), run.state.text


def test_it_ends_after_the_minutes_that_it_may_take(photos: Path, runs: Path) -> None:
    """In the archive in which the pictures came."""
    archive = photos.parent / "photos.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(photos.iterdir()):
            packed.write(path, path.name)
    run = waiting(runs, archive)
    SetJob(str(archive), MODEL, device="cpu", minutes=1e-9).write(run.folder)
    worker.work(run.folder)
    assert run.state.phase is RunPhase.CANCELLED
    assert run.state.text == "It was stopped after 1 of 6 pictures."
    assert "the most that is allowed" in run.state.notes
