"""The built-in pictures: told apart by shape alone, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from attnviz.training.data import load_class_folder
from attnviz.training.shapes import SHAPES, shape_picture, write_shapes


def test_folders_are_a_data_set(tmp_path: Path) -> None:
    write_shapes(tmp_path, per_class=10, side=40)
    data = load_class_folder(tmp_path, side=40)
    assert data.classes == SHAPES
    assert (len(data.training), len(data.validation)) == (36, 4)
    again = tmp_path / "again"
    write_shapes(again, per_class=10, side=40)
    for file in again.rglob("*.png"):
        assert file.read_bytes() == (tmp_path / file.relative_to(again)).read_bytes()


def test_a_shape_is_there_once_and_covers_what_its_geometry_says() -> None:
    """Where two pictures drawn alike differ only in shape, they differ only around one place."""
    areas = {}
    for shape in SHAPES:
        drawn = [shape_picture(shape, 64, np.random.default_rng(seed)) for seed in range(6)]
        other = "circle" if shape != "circle" else "square"
        against = [shape_picture(other, 64, np.random.default_rng(seed)) for seed in range(6)]
        changed = [(one != two).any(-1) for one, two in zip(drawn, against, strict=True)]
        for mask in changed:
            rows, columns = np.nonzero(mask)
            assert len(rows) > 20
            assert np.ptp(rows) < 64 * 0.5
            assert np.ptp(columns) < 64 * 0.5
        areas[shape] = np.mean([mask.mean() for mask in changed])
    assert all(0.005 < area < 0.2 for area in areas.values())


def test_colour_alone_tells_nothing() -> None:
    def mean_colour(shape: str) -> np.ndarray:
        drawn = [shape_picture(shape, 48, np.random.default_rng([n, 7])) for n in range(80)]
        return np.mean(drawn, (0, 1, 2))

    values = np.stack([mean_colour(shape) for shape in SHAPES])
    assert np.ptp(values, axis=0).max() < 12
