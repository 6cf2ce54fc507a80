"""Two explanations compared, as the page "Compare" does it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from torch import nn

import attnviz
from attnviz.metrics.map_difference import difference
from attnviz.metrics.map_similarity import spearman, top_overlap
from attnviz.pictures.geometry import Fit


@pytest.fixture
def explained(tiny_ran: nn.Module, photo: np.ndarray) -> attnviz.Explanation:
    small = attnviz.Preprocess(size=64, fit=Fit.SQUASH)
    return attnviz.explain(attnviz.wrap(tiny_ran, small, name="tiny"), photo, "grad-cam")


def test_maps_are_compared_by_their_ranks(explained: attnviz.Explanation) -> None:
    random = np.random.default_rng(0)
    size = (64, 64)
    first, second = (random.random(size).astype(np.float32) for _ in range(2))
    square = attnviz.open_picture(np.zeros((64, 64, 3), np.uint8), name="square")
    geometry = attnviz.Preprocess(size=64, fit="squash").geometry(square)
    one, other = (
        replace(explained, picture=square, layers=("a",), maps=(values,), geometry=geometry)
        for values in (first, second)
    )
    found = attnviz.compare(one, other, "a", -1)
    page = difference(first, geometry, second, geometry)
    np.testing.assert_array_equal(found.values, page.values)
    assert found.box == (0.0, 0.0, 1.0, 1.0)
    assert found.spearman == page.spearman == pytest.approx(spearman(first, second), abs=0.05)
    assert found.overlap == pytest.approx(top_overlap(first, second), abs=0.03)
    assert found.iou == pytest.approx(found.overlap / (2 - found.overlap))
    assert attnviz.compare(one, one).to_dict()["overlap"] == 1.0
    assert repr(attnviz.compare(one, one)) == (
        "<MapDifference: rank correlation +1.00, overlap 1.00>"
    )
    json.dumps(found.to_dict())


def test_layers_are_chosen_of_either(explained: attnviz.Explanation) -> None:
    found = attnviz.compare(explained, explained, 0, "all layers")
    maps = explained.map_of(0), explained.map_of("all layers")
    expected = difference(maps[0], explained.geometry, maps[1], explained.geometry)
    assert found.spearman == expected.spearman < 1
