"""The recording's file: what goes in comes out, a kill leaves the last whole one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from attnviz.errors import TrainingError
from attnviz.training.recording import Recording, Snapshot


def snapshot(step: int) -> Snapshot:
    maps = {
        ("soft-mask", "stage1"): np.full((2, 3, 4), step / 8, np.float32),
        ("soft-mask", "stage2"): np.full((2, 2, 2), 1e9, np.float32),
    }
    return Snapshot(step, step / 10, maps, np.eye(2, dtype=np.float32), accuracy=0.5, loss=1.25)


def recording(*steps: int) -> Recording:
    held = Recording(("red", "blue"), ("one.png", "two.png"), '{"seed": 0}', "{}")
    for step in steps:
        held = held.with_snapshot(snapshot(step))
    return held


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "run.attn"
    recording(0, 10, 20).save(path)
    read = Recording.load(path)
    assert read.classes == ("red", "blue")
    assert read.pictures == ("one.png", "two.png")
    assert [(s.step, s.accuracy, s.loss) for s in read.snapshots] == [
        (0, 0.5, 1.25), (10, 0.5, 1.25), (20, 0.5, 1.25),
    ]  # fmt: skip
    np.testing.assert_array_equal(read.snapshots[1].maps["soft-mask", "stage1"], 1.25)
    # What half precision cannot hold is cut to its largest value, not to infinity.
    assert np.isfinite(read.snapshots[1].maps["soft-mask", "stage2"]).all()


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "run.attn"
    recording(0, 8).save(path)
    tensors = load_file(path)
    assert tensors["maps/soft-mask/stage1"].dtype == np.float16
    assert tensors["maps/soft-mask/stage1"].shape == (2, 2, 3, 4)
    assert tensors["steps"].tolist() == [0, 8]


def test_a_repeated_step_replaces_what_came_after() -> None:
    assert [s.step for s in recording(0, 10, 20, 10).snapshots] == [0, 10]
    assert [s.step for s in recording(0, 10, 20).up_to(10).snapshots] == [0, 10]


def test_a_cut_off_file_is_refused_and_a_killed_save_harms_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.attn"
    recording(0).save(path)
    (tmp_path / "run.attn.partial").write_bytes(path.read_bytes()[:50])
    assert [s.step for s in Recording.load(path).snapshots] == [0]
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(TrainingError, match="cut off"):
        Recording.load(path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "weights.safetensors"
    save_file({"weight": np.zeros(3, np.float32)}, path)
    with pytest.raises(TrainingError, match="no recording of a training"):
        Recording.load(path)


def test_nothing_recorded_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint was recorded"):
        recording().save(tmp_path / "run.attn")
