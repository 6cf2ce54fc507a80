"""What other programs read of a set, decoded by hand: it is what was computed."""

from __future__ import annotations

import io
import json
import zlib
from base64 import b64decode
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.batch.writers.base import SetResults
from attnviz.batch.writers.coco import CocoFile, run_lengths
from attnviz.batch.writers.fiftyone import FiftyOneFolder
from attnviz.errors import OutputError
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from tests.conftest import TinyCnn, without_borders


@pytest.fixture(scope="module")
def model() -> VisionModel:
    torch.manual_seed(0)
    network = without_borders(TinyCnn())
    return attnviz.wrap(network.eval(), Preprocess(size=32), ("a", "b", "c", "d"), name="tiny")


@pytest.fixture
def folder(model: VisionModel, files: list[PictureFile], tmp_path: Path) -> ResultFolder:
    """Fourteen pictures: the sixth is broken, and of the eighth the map is flat."""
    Image.new("RGB", (32, 32)).save(files[7].path)
    return BatchRun(model, files, Asked("grad-cam"))(tmp_path / "out")


def mask_of(segmentation: dict[str, Any]) -> np.ndarray:
    """Runs down the columns, outside and inside by turns."""
    counts = segmentation["counts"]
    values = [inside for _, inside in zip(counts, cycle([False, True]), strict=False)]
    return np.repeat(values, counts).reshape(segmentation["size"], order="F")


def test_coco_regions_are_what_is_in_focus(
    folder: ResultFolder, model: VisionModel, files: list[PictureFile], tmp_path: Path
) -> None:
    path = tmp_path / "new" / "coco.json"
    assert CocoFile().write(SetResults(folder), path) == ""
    content = json.loads(path.read_text("ascii"))
    assert content["info"]["weights"] == model.weights_sha256
    rows = folder.scores().to_pylist()
    images = {one["id"]: one for one in content["images"]}
    assert sorted(images) == [index for index in range(14) if index != 5]
    names = {one["id"]: one["name"] for one in content["categories"]}
    assert len(content["annotations"]) > 8
    assert sorted(one["image_id"] for one in content["annotations"]) == [
        row["index"] for row in rows if row["flat"] is False
    ]
    for one in content["annotations"]:
        row, image = rows[one["image_id"]], images[one["image_id"]]
        assert image["file_name"] == row["path"]
        mask = mask_of(one["segmentation"])
        assert mask.shape == (image["height"], image["width"])
        left, top, width, height = one["bbox"]
        assert mask[top : top + height, left : left + width].sum() == mask.sum() == one["area"]
        assert mask[top].any()
        assert mask[:, left + width - 1].any()
        assert names[one["category_id"]] == row["top1"]
        assert one["score"] == row["probability1"]
    expected = attnviz.explain(model, files[10].path, "grad-cam").focus().values >= 0.5
    found = next(one for one in content["annotations"] if one["image_id"] == 10)
    assert (mask_of(found["segmentation"]) == expected).mean() > 0.995  # from float16


@pytest.mark.parametrize(
    ("rows", "lengths"),
    [
        ([[0, 1], [1, 1]], [1, 3]),
        ([[1, 0], [1, 0]], [0, 2, 2]),
        ([[0, 0, 0]], [3]),
        ([[1, 1]], [0, 2]),
        ([[1, 0], [0, 1]], [0, 1, 2, 1]),
    ],
)
def test_runs_by_hand(rows: list[list[int]], lengths: list[int]) -> None:
    assert run_lengths(np.array(rows, bool)) == lengths


def test_fiftyone_samples_have_prediction_and_heatmap(
    folder: ResultFolder, model: VisionModel, files: list[PictureFile], tmp_path: Path
) -> None:
    place = tmp_path / "fiftyone"
    Path(files[3].path).unlink()
    assert FiftyOneFolder().write(SetResults(folder), place) == (
        f"Not in {place}, for want of a file of their own: 1 of the pictures."
    )
    metadata = json.loads((place / "metadata.json").read_text())
    assert "version" not in metadata
    assert metadata["info"]["attnviz"]["model"] == "tiny"
    samples = {
        one["filepath"]: one for one in json.loads((place / "samples.json").read_text())["samples"]
    }
    assert len(samples) == 12
    flat, one = samples[files[7].path], samples[files[10].path]
    assert "focus" not in flat
    row = folder.scores().to_pylist()[10]
    assert one["tags"] == ["photos"]
    assert one["metadata"] == {"_cls": "ImageMetadata", "width": 64, "height": 32}
    assert one["prediction"] == {
        "_cls": "Classification", "label": row["top1"], "confidence": row["probability1"]
    }  # fmt: skip
    assert one["entropy"] == row["entropy"]
    coded = b64decode(one["focus"]["map"]["$binary"]["base64"])
    heat = np.load(io.BytesIO(zlib.decompress(coded)))
    expected = attnviz.explain(model, files[10].path, "grad-cam").focus().values
    assert one["focus"]["_cls"] == "Heatmap"
    np.testing.assert_allclose(heat, expected, atol=0.01)


def test_a_place_that_cannot_be_written_is_named(folder: ResultFolder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"coco\.json cannot be written"):
        CocoFile().write(SetResults(folder), tmp_path / "file" / "coco.json")
