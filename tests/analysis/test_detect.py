"""What is explained of a detector where nothing is asked: a thing, or the picture as a whole."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

import attnviz
from attnviz.analysis.detect import asks_for_place
from tests.targets.test_places_by_hand import wrapped


@pytest.fixture
def picture() -> attnviz.Picture:
    """Red in the left half, green in the right one."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4, 0], pixels[:, 4:, 1] = 204, 153
    return attnviz.open_picture(pixels)


@pytest.mark.parametrize("form", ["boxes", "dense", "nothing"])
def test_likeness_is_shown_of_the_picture_as_a_whole(form: str, picture: attnviz.Picture) -> None:
    model = wrapped(form)
    found = attnviz.explain(model, picture, "patch-similarity")
    assert (found.target, found.asked) == (None, ())
    expected = np.zeros((8, 8))
    expected[:, 4:] = 1  # the patch in the middle is green
    np.testing.assert_allclose(found.map_of("cells"), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("auto", True), ("decision", True), ("attention", False), ("grad-cam", True),
        ("d-rise", True), ("raw-attention", False), ("eigen-cam", False),
        ("patch-similarity", False), ("normalised-cut", False),
    ],
)  # fmt: skip
def test_a_place_is_asked_for_where_the_map_depends_on_it(method: str, expected: bool) -> None:
    assert asks_for_place(wrapped(), method) is expected
    assert not asks_for_place(attnviz.wrap(nn.Conv2d(3, 3, 1)), method)
