"""The pictures that `lens` is trained on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from attnviz.errors import TrainingError
from attnviz.training.lens.pictures import LensPictures, load_pictures

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255)]


def even(colour: tuple[int, int, int], size: tuple[int, int] = (50, 70)) -> np.ndarray:
    return np.full((*size, 3), colour, np.uint8)


def test_a_mosaic_has_four_pictures_and_the_asked_one_among_them() -> None:
    pictures = LensPictures([(1.0, [even(colour) for colour in COLOURS])], seed=0)
    drawn = pictures.batch(12, 64, mosaic=True)
    assert drawn.cells is not None
    assert drawn.pictures.shape == (12, 3, 64, 64)
    known = {tuple(colour) for colour in COLOURS}
    for mosaic, cell in zip(drawn.pictures, drawn.cells, strict=True):
        corners = [mosaic[:, y, x] for y in (5, 60) for x in (5, 60)]
        shown = [tuple((255 * one).int().tolist()) for one in corners]
        assert set(shown) <= known
        assert tuple((255 * cell[:, 5, 5]).int().tolist()) in shown


def test_every_picture_appears_four_times_among_the_mosaics() -> None:
    pictures = LensPictures([(1.0, [even(colour) for colour in COLOURS])], seed=3)
    drawn = pictures.batch(10, 32, mosaic=True)
    assert drawn.cells is not None
    torch.testing.assert_close(drawn.pictures.mean((0, 2, 3)), drawn.cells.mean((0, 2, 3)))


def test_groups_are_drawn_by_their_shares() -> None:
    pictures = LensPictures([(0.75, [even((255, 0, 0))]), (0.25, [even((0, 255, 0))])], seed=1)
    red = (pictures.batch(400, 8, mosaic=False).pictures[:, 0].mean((1, 2)) > 0.5).float().mean()
    assert 0.68 < float(red) < 0.82


def test_crops_are_parts_of_the_picture_and_half_are_mirrored() -> None:
    ramp = np.repeat(np.linspace(0, 255, 80).astype(np.uint8)[None, :, None], 60, 0).repeat(3, 2)
    drawn = LensPictures([(1.0, [ramp])], seed=2).batch(200, 16, mosaic=False).pictures
    rising = drawn[:, 0, 8, 15] > drawn[:, 0, 8, 0]
    assert 0.4 < float(rising.float().mean()) < 0.6
    spans = (drawn[:, 0, 8, 15] - drawn[:, 0, 8, 0]).abs()
    assert 0.35 < float(spans.min()) < float(spans.max()) <= 0.8  # never wider than it is high


def test_only_every_other_scene_is_seen(tmp_path: Path) -> None:
    (tmp_path / "coco128" / "images").mkdir(parents=True)
    images = []
    for number in range(6):
        name = f"{number}.png"
        Image.fromarray(even((40 * number, 0, 0))).save(tmp_path / "coco128" / "images" / name)
        images.append({"id": number, "file_name": name})
    boxes = [{"image_id": number} for number in (0, 2, 3, 4, 5)]  # photo 1 has none
    table = {"images": images, "annotations": boxes}
    (tmp_path / "coco128" / "instances.json").write_text(json.dumps(table))
    (scenes,) = load_pictures(tmp_path).groups
    assert [int(scene[0, 0, 0]) // 40 for scene in scenes] == [0, 3, 5]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no pictures to train on"):
        load_pictures(tmp_path)
