"""A saved picture carries its provenance and keeps its pixels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from attnviz.export.png import png_with_provenance, read_provenance


def test_pixels_and_facts_come_back(photo: np.ndarray) -> None:
    facts = {"model": "ran-small", "picture": "Größe <b>.jpg", "layer": "stage2.attention"}
    source = png_with_provenance(photo, facts)
    assert read_provenance(source) == facts
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(source))), photo)


def test_a_png_of_another_program_has_none(photo: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    assert read_provenance(file.getvalue()) == {}
