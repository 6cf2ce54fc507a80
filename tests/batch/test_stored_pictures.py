"""Small pictures read from what the page of a run loads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from attnviz.analysis.explain_together import Asked
from attnviz.batch import run
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.batch.stored_pictures import StoredPictures
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import open_picture


def test_a_picture_is_found_in_its_part_and_a_failed_one_is_none(
    model: VisionModel, files: list[PictureFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_PART", 4)
    folder = BatchRun(model, files, Asked("grad-cam"))(tmp_path / "out")
    pictures = StoredPictures(folder)
    assert [pictures.of(index) is None for index in (4, 5, 6, 14, 99, -1)] == [
        False, True, False, True, True, True
    ]  # fmt: skip
    found = pictures.of(7)
    assert found is not None
    pixels = cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR)
    expected = open_picture(files[7].path).pixels[..., ::-1]
    assert pixels is not None
    assert np.abs(pixels.mean((0, 1)) - expected.mean((0, 1))).max() < 4
    assert found.focus.shape == (12, 24)
    part = folder.path / "index" / "000001.js"
    for broken in (
        "",
        "attnvizPart(1, [",
        "attnvizPart(1, {});",
        'f(1, [0, 1, 2, ["!", 9, 9, 1]])',
    ):
        part.write_text(broken)
        assert pictures.of(7) is None
