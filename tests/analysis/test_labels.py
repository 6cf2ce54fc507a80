"""Labels are counted against the outputs when a network first runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.analysis.class_maps import likely_maps
from attnviz.analysis.explain import predict
from attnviz.analysis.layer_trace import trace_layers
from attnviz.errors import ModelError
from attnviz.evidence.run import run_experiment
from attnviz.models.preprocess import Preprocess
from attnviz.models.scores import ScoreKind
from attnviz.models.spec import Source

SMALL = Preprocess(size=32)


class Net(nn.Module):
    """Sixteen features and three scores, returned in one of several ways."""

    def __init__(self, returned: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU())
        self.head = nn.Linear(16, 3)
        self.returned = returned

    def forward(self, inputs: Tensor) -> Any:
        features = self.body(inputs).mean((2, 3))
        return self.returned(features, self.head(features))


@pytest.fixture
def picture(photo: np.ndarray) -> attnviz.Picture:
    return attnviz.open_picture(photo)


@pytest.mark.parametrize(
    ("returned", "labels", "said"),
    [
        (lambda f, s: (f, s), 3, "Net returns 16 scores for a picture, but there are 3 labels. A"),
        (lambda f, s: [f, s], 3, "Another part of its output has 3"),
        (lambda f, s: {"logits": f, "scores": s}, 3, "Another part of its output has 3"),
        (lambda _, s: s, 4, "Net returns 3 scores for a picture, but there are 4 labels. Give"),
        (lambda _, s: s, 1, "Net returns 3 scores for a picture, but there is 1 label"),
        (lambda _, s: s[:, :1], 3, "Net returns 1 score for a picture, but there are 3 labels"),
        (lambda _, s: s.softmax(1), 2, "returns 3 scores for a picture, but there are 2"),
    ],
)
def test_both_numbers_are_told(
    returned: Any, labels: int, said: str, picture: attnviz.Picture
) -> None:
    model = attnviz.wrap(Net(returned).eval(), SMALL, [f"kind {n}" for n in range(labels)])
    for look in (
        lambda: attnviz.explain(model, picture, "grad-cam", "kind 0"),
        lambda: attnviz.explain(model, picture, "eigen-cam"),
        lambda: predict(model, picture),
        lambda: likely_maps(model, picture),
        lambda: trace_layers(model, picture),
        lambda: run_experiment(model, picture, lambda subject: subject.target),
    ):
        with pytest.raises(ModelError) as refusal:
            look()
        assert said in str(refusal.value)


def test_labels_of_the_catalogue_are_counted_too(picture: attnviz.Picture) -> None:
    model = attnviz.wrap(Net(lambda _, scores: scores).eval(), SMALL, list("abcd"))
    listed = replace(model.spec, source=Source.TORCHVISION, scores=ScoreKind.SOFTMAX)
    model = attnviz.VisionModel(listed, model.module, model.device, "")
    for look in (predict, attnviz.explain, likely_maps):
        with pytest.raises(ModelError, match="returns 3 scores for a picture, but there are 4"):
            look(model, picture)


@pytest.mark.parametrize(
    ("returned", "labels"),
    [
        (lambda _, s: s, "abc"),
        (lambda f, s: (s, f), "abc"),
        (lambda _, s: s.sigmoid(), "abc"),
        (lambda _, s: s[:, :2], "ab"),
        (lambda _, s: s[:, :1], "a"),
        (lambda _, s: s[:, :1], "ab"),
        (lambda f, _: f, "abcdefghijklmnop"),
    ],
)
def test_labels_that_fit_name_the_predictions(
    returned: Any, labels: str, picture: attnviz.Picture
) -> None:
    model = attnviz.wrap(Net(returned).eval(), SMALL, list(labels))
    assert {one.label for one in predict(model, picture, None)} == set(labels)
