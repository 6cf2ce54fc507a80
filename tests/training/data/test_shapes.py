"""The synthetic data set: classes differ by shape alone, and seeds reproduce it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnviz.errors import TrainingError
from attnviz.pictures import open_picture
from attnviz.training.data.data import load_class_folder
from attnviz.training.data.shapes import SHAPES, has_all_shapes, shape_picture, write_shapes
from attnviz.ui.pages.training.pictures import ensure_shapes, shapes_folder


def test_folders_are_a_data_set(tmp_path: Path) -> None:
    write_shapes(tmp_path, per_class=10, side=40)
    data = load_class_folder(tmp_path, side=40)
    assert data.classes == SHAPES
    assert (len(data.training), len(data.validation)) == (28, 12)
    again = tmp_path / "again"
    write_shapes(again, per_class=10, side=40)
    for file in again.rglob("*.png"):
        assert file.read_bytes() == (tmp_path / file.relative_to(again)).read_bytes()


def test_an_incomplete_set_is_detected_and_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full in the last class, when all four folders exist."""
    assert not has_all_shapes(tmp_path, 3)
    write_bytes = Path.write_bytes

    def full(path: Path, source: bytes) -> int:
        if path.parent.name == "triangle" and path.name.startswith("001"):
            write_bytes(path, source[:20])
            raise OSError(28, "No space left on device")
        return write_bytes(path, source)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(TrainingError, match=r"001\.png could not be written \(No space left"):
            write_shapes(tmp_path, per_class=3, side=32)
    assert [path.name for path in sorted((tmp_path / "triangle").iterdir())] == ["000.png"]
    assert not has_all_shapes(tmp_path, 3)
    write_shapes(tmp_path, per_class=3, side=32)
    assert has_all_shapes(tmp_path, 3)
    with monkeypatch.context() as patch:
        patch.setenv("ATTNVIZ_RUNS", str(tmp_path / "own" / "runs"))
        (tmp_path / "own" / "shapes" / "star").mkdir(parents=True)
        assert has_all_shapes(ensure_shapes())
        (shapes_folder() / "star" / "059.png").unlink()
        assert has_all_shapes(ensure_shapes())


def test_a_picture_is_read_as_it_was_drawn(tmp_path: Path) -> None:
    write_shapes(tmp_path, per_class=1, side=32, seed=3)
    drawn = shape_picture("square", 32, np.random.default_rng([3, 1]))
    np.testing.assert_array_equal(open_picture(tmp_path / "square" / "000.png").pixels, drawn)


def test_each_picture_has_one_shape_of_the_expected_area() -> None:
    """Pictures of two shapes from the same seed differ in one region only."""
    areas = {}
    for shape in SHAPES:
        drawn = [shape_picture(shape, 64, np.random.default_rng(seed)) for seed in range(6)]
        other = "circle" if shape != "circle" else "square"
        others = [shape_picture(other, 64, np.random.default_rng(seed)) for seed in range(6)]
        changed = [(first != second).any(-1) for first, second in zip(drawn, others, strict=True)]
        for mask in changed:
            rows, columns = np.nonzero(mask)
            assert len(rows) > 20
            assert np.ptp(rows) < 64 * 0.5
            assert np.ptp(columns) < 64 * 0.5
        areas[shape] = np.mean([mask.mean() for mask in changed])
    assert all(0.005 < area < 0.2 for area in areas.values())


def test_colour_does_not_reveal_the_class() -> None:
    def mean_colour(shape: str) -> np.ndarray:
        drawn = [shape_picture(shape, 48, np.random.default_rng([n, 7])) for n in range(80)]
        return np.mean(drawn, (0, 1, 2))

    values = np.stack([mean_colour(shape) for shape in SHAPES])
    assert np.ptp(values, axis=0).max() < 12
