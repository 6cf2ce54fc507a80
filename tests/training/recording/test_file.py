"""Writing and reading recordings; an interrupted write leaves the previous file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from attnviz.errors import TrainingError
from attnviz.training.recording.file import Recording, Snapshot
from attnviz.training.recording.size import resize_maps, stored_pictures, stored_sizes


def snapshot(step: int) -> Snapshot:
    maps = {
        ("soft-mask", "stage1"): np.full((2, 3, 4), step / 8, np.float32),
        ("soft-mask", "stage2"): np.full((2, 2, 2), 1e9, np.float32),
    }
    return Snapshot(step, step / 10, maps, np.eye(2, dtype=np.float32), accuracy=0.5, loss=1.25)


def recording(*steps: int) -> Recording:
    stored = Recording(("red", "blue"), ("one.png", "two.png"), '{"seed": 0}', "{}")
    for step in steps:
        stored = stored.with_snapshot(snapshot(step))
    return stored


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
    assert Recording.load(str(path)).pictures == read.pictures  # as the documentation does
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


def test_a_truncated_file_is_refused_and_an_interrupted_save_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "run.attn"
    recording(0).save(path)
    (tmp_path / "run.attn.partial").write_bytes(path.read_bytes()[:50])
    assert [s.step for s in Recording.load(path).snapshots] == [0]
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(TrainingError, match="cut off"):
        Recording.load(path)


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "weights.safetensors"
    save_file({"weight": np.zeros(3, np.float32)}, path)
    with pytest.raises(TrainingError, match="not a recording of a training"):
        Recording.load(path)


def test_an_empty_recording_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint was recorded"):
        recording().save(tmp_path / "run.attn")


def test_sixteen_pictures_twelve_layers_and_forty_checkpoints_take_less_than_10_mb(
    tmp_path: Path,
) -> None:
    """Also of masks at 56 x 56 positions and their effects; those are averaged down."""
    path = tmp_path / "run.attn"
    for side, methods, grid in (
        (14, ("raw-attention",), 14),
        (56, ("soft-mask", "mask-effect"), 14),
    ):
        maps = {
            (method, f"layer {n}"): np.random.default_rng(n).random((16, side, side), np.float32)
            for method in methods
            for n in range(12)
        }
        sizes = stored_sizes(maps)
        assert set(sizes.values()) == {(grid, grid)}
        small = {key: resize_maps(values, sizes[key]) for key, values in maps.items()}
        numbers = {("entropy", f"layer {n}"): np.ones(12, np.float32) for n in range(12)}
        pixels = stored_pictures(np.zeros((16, 384, 384, 3), np.uint8))
        stored = Recording(("a", "b"), tuple(map(str, range(16))), pixels=pixels)
        for step in range(40):
            shot = Snapshot(step, step, small, np.zeros((16, 2), np.float32), numbers=numbers)
            stored = stored.with_snapshot(shot)
        stored.save(path)
        assert path.stat().st_size < 10_000_000
        read = Recording.load(path).snapshots[-1]
        key = (methods[-1], "layer 3")
        blocks = maps[key].reshape(16, grid, side // grid, grid, side // grid).mean((2, 4))
        np.testing.assert_allclose(read.maps[key], blocks, atol=1e-3)
        np.testing.assert_array_equal(read.numbers["entropy", "layer 3"], np.ones(12))


def test_many_checkpoints_are_thinned_and_stay_dense_at_first() -> None:
    stored = Recording(("red", "blue"), ("one.png", "two.png"))
    for step in range(1000):
        stored = stored.with_snapshot(snapshot(step))
    steps = [shot.step for shot in stored.snapshots]
    assert len(steps) == 80
    assert steps[:10] == list(range(10))
    assert steps[-1] == 999
    gaps = np.diff(steps)
    assert gaps[:10].max() < gaps[-20:-1].mean()


def test_other_layers_are_refused_and_the_file_is_unchanged(tmp_path: Path) -> None:
    stored = recording(0, 10)
    stored.save(tmp_path / "run.attn")
    other = Snapshot(20, 2.0, {("soft-mask", "elsewhere"): np.zeros((2, 3, 4))}, np.eye(2))
    with pytest.raises(TrainingError, match="has the layers stage1, stage2, the network now has"):
        stored.with_snapshot(other)
    assert [shot.step for shot in Recording.load(tmp_path / "run.attn").snapshots] == [0, 10]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_checkpoint_with_nan_or_infinity_is_refused(value: float) -> None:
    stored, shot = recording(0), snapshot(10)
    for values in (shot.maps["soft-mask", "stage2"], shot.probabilities):
        original = values[0, 0].copy()
        values[0, 0] = value
        with pytest.raises(TrainingError, match=r"At step 10 .*first in (stage2|the output): "):
            stored.with_snapshot(shot)
        values[0, 0] = original
    assert len(stored.with_snapshot(shot).snapshots) == 2


def test_a_file_that_cannot_be_written_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attnviz.training.recording import file as module

    path = tmp_path / "run.attn"
    recording(0).save(path)

    def full(_tensors: object, partial: Path, **_: object) -> None:
        partial.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save_file", full)
    with pytest.raises(TrainingError, match=r"could not be written \(No space left on device\)"):
        recording(0, 10).save(path)
    assert [shot.step for shot in Recording.load(path).snapshots] == [0]
    assert [path.name for path in tmp_path.iterdir()] == ["run.attn"]
