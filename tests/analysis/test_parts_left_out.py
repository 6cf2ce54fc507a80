"""A part of the work on a network that fails is left out, and that is said once."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.analysis import score_kind
from attnviz.analysis.explain import explain
from attnviz.capture.dense import classifier_per_cell
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from tests.analysis.test_answers import Attending, fails
from tests.state import left_as_it_was


@pytest.fixture
def picture() -> Picture:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    return open_picture(pixels, name="noise")


class FewVectors(nn.Module):
    """A classifier that refuses more than a few vectors at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 8))

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > 2:
            raise ValueError("two vectors at a time")
        return x @ self.weight.T


@pytest.mark.parametrize("part", ["the search", "the pass", "the network"])
def test_a_classifier_that_fails_at_single_cells_is_left_out(
    part: str, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evidence is then HiResCAM, as of a network whose classifier cannot be applied there."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 8, 8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = nn.Sequential(
        *body, FewVectors() if part == "the network" else nn.Linear(8, 4)
    ).eval()
    if part == "the search":
        monkeypatch.setattr(classifier_per_cell, "_candidates", fails)
    if part == "the pass":
        monkeypatch.setattr(classifier_per_cell.DenseClassifier, "evidence", fails)
    model = wrap(network, Preprocess(size=64))
    with left_as_it_was(network):
        found = explain(model, picture, target=1)
    assert found.method == "competition"
    (note,) = found.notes
    assert note.startswith("Evidence is exact to first order only: ")
    assert np.isfinite(found.maps[-1]).all()
    monkeypatch.undo()
    if part != "the network":
        # A linear classifier behind the mean: to first order is exact, but for the offset.
        exact = explain(wrap(copy.deepcopy(network), Preprocess(size=64)), picture, target=1)
        assert exact.notes == ()
        np.testing.assert_allclose(found.maps[-1], exact.maps[-1], rtol=1e-3, atol=1e-5)


def test_what_is_returned_is_taken_for_logits_if_that_cannot_be_found_out(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = wrap(Attending().eval(), Preprocess(size=64), name="mine")
    expected = explain(wrap(Attending().eval(), Preprocess(size=64)), picture, "grad-cam")
    monkeypatch.setattr(score_kind, "last_step", fails)
    found = explain(model, picture, "grad-cam")
    assert found.predictions == expected.predictions
    assert found.notes[0].startswith("What mine returns is taken for logits")
    assert len(found.notes) == len(expected.notes) + 1
