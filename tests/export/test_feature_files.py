"""Features as files: what comes back from them."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image

from attnviz.export.feature_files import components_png, features_npz
from attnviz.export.png import read_provenance
from attnviz.pictures.geometry import PictureGeometry

FACTS = {"model": "größe", "layer": "norm"}


def test_numbers_come_back_without_pickle() -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    file = np.load(io.BytesIO(features_npz(values, values[..., :3], FACTS)), allow_pickle=False)
    assert (file["features"] == values).all()
    assert (file["components"] == values[..., :3]).all()
    assert json.loads(str(file["provenance"])) == FACTS


def test_components_cover_what_the_network_saw() -> None:
    """The middle half of a picture: red left, blue right, and grey beyond the edges."""
    colours = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    geometry = PictureGeometry((20, 80), (0.0, 20.0, 20.0, 60.0), (8, 16))
    content = components_png(colours, geometry, FACTS)
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    assert pixels.shape == (20, 80, 3)
    assert (pixels[:, :20] == 128).all()
    assert (pixels[:, 60:] == 128).all()
    assert pixels[10, 22].tolist() == [255, 0, 0]
    assert pixels[10, 57].tolist() == [0, 0, 255]
    assert read_provenance(content) == FACTS
