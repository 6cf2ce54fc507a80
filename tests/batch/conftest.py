"""A small network and small pictures for runs over many pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import attnviz
from attnviz.batch.picture_file import PictureFile
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from tests.conftest import TinyCnn


@pytest.fixture(scope="module")
def model() -> VisionModel:
    torch.manual_seed(0)
    return attnviz.wrap(TinyCnn().eval(), Preprocess(size=32), ("a", "b", "c", "d"), name="tiny")


@pytest.fixture
def files(tmp_path: Path) -> list[PictureFile]:
    """14 pictures of two sizes; the sixth is none."""
    random = np.random.default_rng(0)
    paths = []
    for index in range(14):
        path = tmp_path / "photos" / f"{index:02}.png"
        path.parent.mkdir(exist_ok=True)
        pixels = random.integers(0, 255, (32, 32 + 32 * (index % 3 == 1), 3)).astype(np.uint8)
        Image.fromarray(pixels).save(path)
        paths.append(path)
    paths[5].write_bytes(b"no picture")
    return [PictureFile(str(path), group="photos") for path in paths]
