"""What is said of a network that names no classes, and of one whose labels are independent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import attnviz
from attnviz.cli.reports import PictureReport
from attnviz.models.preprocess import Preprocess


@pytest.fixture
def network(tiny_cnn: nn.Module) -> nn.Module:
    torch.manual_seed(1)
    return tiny_cnn.eval()


def report(
    network: nn.Module, photo: np.ndarray, scores: str, method: str, target: int | None
) -> PictureReport:
    model = attnviz.wrap(network, Preprocess(size=32), scores=scores)
    found = attnviz.explain(model, attnviz.open_picture(photo), method, target)
    return PictureReport(Path("a.png"), "net", found, found.layers, Path("out"))


def test_a_component_of_features_has_a_value(network: nn.Module, photo: np.ndarray) -> None:
    made = report(network, photo, "none", "grad-cam", 2)
    inputs = Preprocess(size=32).tensor(attnviz.open_picture(photo))[0]
    with torch.no_grad():
        value = float(network(inputs)[0, 2])
    told = made.as_json()
    assert told["predictions"] == []
    assert told["target"] == {"label": "component 2", "value": pytest.approx(value, abs=1e-5)}
    assert "a.png: no classes." in made.as_line()


def test_independent_labels_keep_their_own_probabilities(
    network: nn.Module, photo: np.ndarray
) -> None:
    told = report(network, photo, "sigmoid", "grad-cam", None).as_json()
    inputs = Preprocess(size=32).tensor(attnviz.open_picture(photo))[0]
    with torch.no_grad():
        chances = network(inputs)[0].sigmoid()
    assert [one["probability"] for one in told["predictions"]] == pytest.approx(
        chances.sort(descending=True).values.tolist(), abs=1e-6
    )
    assert told["target"]["probability"] == pytest.approx(float(chances.max()), abs=1e-6)
