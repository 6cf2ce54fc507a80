"""How found objects are scored against annotated ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.data import boxes_by_name, boxes_of_objects, outlines_of_objects
from benchmarks.objects import Measured, overlap


def test_overlap_of_boxes_by_hand() -> None:
    square = (0.0, 0.0, 2.0, 2.0)
    assert overlap(square, square) == 1
    assert overlap(square, (1.0, 1.0, 3.0, 3.0)) == pytest.approx(1 / 7)
    assert overlap(square, (0.0, 0.0, 4.0, 1.0)) == pytest.approx(2 / 6)
    assert overlap(square, (2.0, 0.0, 4.0, 2.0)) == 0


def test_the_share_above_a_limit_and_the_mean() -> None:
    measured = Measured()
    for value in (0.2, 0.5, 0.8, 0.9):
        measured.add(("cut", ""), value)
    assert measured.cell(("cut", ""), 0.5).startswith("0.750 [")
    assert measured.cell(("cut", "")).startswith("0.600 [")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One photo of 800 x 400, read at half its size, with a thing and a crowd; one without any."""
    folder = tmp_path / "coco128"
    (folder / "images").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        Image.new("RGB", (800, 400)).save(folder / "images" / name)
    thing = {"image_id": 1, "category_id": 7, "bbox": [100, 40, 200, 80], "iscrowd": 0}
    thing["segmentation"] = [[100, 40, 298, 40, 298, 118, 100, 118]]
    crowd = {"image_id": 1, "category_id": 8, "bbox": [400, 0, 100, 100], "iscrowd": 1}
    table = {
        "categories": [{"id": 7, "name": "cat"}, {"id": 8, "name": "crowd"}],
        "images": [{"id": 2, "file_name": "b.png"}, {"id": 1, "file_name": "a.png"}],
        "annotations": [thing, crowd | {"segmentation": {"counts": []}}],
    }
    (folder / "instances.json").write_text(json.dumps(table), encoding="utf-8")
    return tmp_path


def test_annotations_follow_the_size_of_the_photo(data: Path) -> None:
    ((picture, boxes),) = boxes_of_objects(data)
    assert picture.pixels.shape == (200, 400, 3)
    assert boxes == [(50, 20, 150, 60), (200, 0, 250, 50)]
    ((_, inside),) = boxes_by_name(data)
    assert set(inside) == {"cat", "crowd"}
    ((_, outlines),) = outlines_of_objects(data)
    assert len(outlines) == 1  # crowds have no outline of their own
    np.testing.assert_array_equal(outlines[0], inside["cat"])
