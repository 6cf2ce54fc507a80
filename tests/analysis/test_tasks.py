"""What a network is for decides how its output is read, whatever form the output has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.analysis.explain import predict, probabilities
from attnviz.errors import ModelError, UnknownNameError
from attnviz.models.preprocess import Preprocess

SMALL = Preprocess(size=8, fit="squash")


class Says(nn.Module):
    """Returns the same logits for every picture, by an end that is passed."""

    def __init__(self, logits: list[float], end: Any = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        self.head = nn.Linear(2, len(logits))
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor(logits))
        self.end = end or (lambda values: values)

    def forward(self, x: Tensor) -> Any:
        return self.end(self.head(self.conv(x).mean((2, 3))))


@pytest.fixture
def picture() -> attnviz.Picture:
    return attnviz.open_picture(np.full((8, 8, 3), 90, np.uint8))


ODDS = [np.log(3.0), 0.0, 0.0]  # sigmoids 3/4, 1/2, 1/2; softmax 3/5, 1/5, 1/5
LOG_ENDS = [None, lambda x: x.log_softmax(1), lambda x: x.softmax(1)]


@pytest.mark.parametrize("end", LOG_ENDS, ids=["logits", "logarithms", "probabilities"])
def test_one_of_several_classes(end: Any, picture: attnviz.Picture) -> None:
    model = attnviz.wrap(Says(ODDS, end), SMALL, list("abc"), task="classes")
    assert probabilities(model, picture) == pytest.approx([0.6, 0.2, 0.2], abs=1e-5)
    assert attnviz.explain(model, picture, "grad-cam").notes == ()
    assert model.read_as.exclusive


@pytest.mark.parametrize("end", [None, torch.sigmoid], ids=["logits", "probabilities"])
def test_each_label_by_itself(end: Any, picture: attnviz.Picture) -> None:
    model = attnviz.wrap(Says(ODDS, end), SMALL, list("abc"), task="multi-label")
    assert probabilities(model, picture) == pytest.approx([0.75, 0.5, 0.5], abs=1e-5)
    assert attnviz.explain(model, picture, "grad-cam").notes == ()
    assert not model.read_as.exclusive


@pytest.mark.parametrize(
    ("logits", "end", "labels", "told"),
    [
        ([np.log(3)], None, ["yes"], [0.75]),
        ([np.log(3)], torch.sigmoid, ["yes"], [0.75]),
        ([np.log(3)], lambda x: x.squeeze(1), ["no", "yes"], [0.25, 0.75]),
        ([0.0, np.log(3)], None, ["no", "yes"], [0.25, 0.75]),
        ([0.0, np.log(3)], lambda x: x.softmax(1), None, [0.25, 0.75]),
    ],
)
def test_yes_or_no(
    logits: list[float], end: Any, labels: Any, told: list[float], picture: attnviz.Picture
) -> None:
    model = attnviz.wrap(Says(logits, end), SMALL, labels, task="binary")
    assert probabilities(model, picture) == pytest.approx(told, abs=1e-5)
    assert attnviz.explain(model, picture, "grad-cam").notes == ()


def test_one_label_of_several_that_may_be_is_no_pair(picture: attnviz.Picture) -> None:
    model = attnviz.wrap(Says([np.log(3)]), SMALL, ["scratch"], task="multi-label")
    assert predict(model, picture) == (("scratch", pytest.approx(0.75)),)


def test_features_name_no_classes(picture: attnviz.Picture) -> None:
    model = attnviz.wrap(Says(ODDS), SMALL, task="features")
    assert predict(model, picture) == ()
    result = attnviz.explain(model, picture, "grad-cam", 0)
    assert result.target == ("component 0", pytest.approx(np.log(3)))
    assert result.notes == ()


def test_the_form_may_be_said_as_well(picture: attnviz.Picture) -> None:
    ends = [0.75, 0.5, 0.5]
    model = attnviz.wrap(
        Says([0.0] * 3, lambda x: x * 0 + torch.tensor(ends)), SMALL, task="multi-label",
        scores="probabilities",
    )  # fmt: skip
    assert probabilities(model, picture) == pytest.approx(ends, abs=1e-5)
    assert not model.read_as.exclusive


def test_what_contradicts_itself_is_refused(picture: attnviz.Picture) -> None:
    for task, scores in [
        ("classes", "sigmoid"), ("multi-label", "softmax"), ("features", "probabilities"),
        ("binary", "none"),
    ]:  # fmt: skip
        with pytest.raises(ModelError, match=f'task="{task}" and scores="{scores}" contradict'):
            attnviz.wrap(Says(ODDS), SMALL, task=task, scores=scores)
    with pytest.raises(UnknownNameError, match=r"no task named 'multilabel'. Nearest: multi-label"):
        attnviz.wrap(Says(ODDS), SMALL, task="multilabel")
    model = attnviz.wrap(Says(ODDS), SMALL, task="binary")
    with pytest.raises(ModelError, match=r'returns 3 scores .* task="binary" is answered by one'):
        predict(model, picture)


class MultilabelAccuracy(nn.Module):
    """As a library of measures names it."""


def test_a_measure_of_labels_says_that_they_are_independent(picture: attnviz.Picture) -> None:
    net = Says(ODDS)
    net.measure = MultilabelAccuracy()
    model = attnviz.wrap(net, SMALL)
    assert probabilities(model, picture) == pytest.approx([0.75, 0.5, 0.5], abs=1e-5)
    (note,) = attnviz.explain(model, picture, "grad-cam").notes
    assert "holds a measure that takes each label by itself" in note
    assert "Pass `task` if that is wrong" in note


def test_networks_of_hugging_face_without_a_head_name_no_classes(picture: attnviz.Picture) -> None:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, ViTConfig, ViTModel

    options: dict[str, Any] = {
        "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 16, "image_size": 32, "patch_size": 16,
    }  # fmt: skip
    vit = ViTModel(ViTConfig(**options)).eval()
    clip = CLIPVisionModelWithProjection(CLIPVisionConfig(**options, projection_dim=7)).eval()
    for network, entry in ((vit, "pooler_output"), (clip, "image_embeds")):
        model = attnviz.wrap(network)
        assert predict(model, picture) == ()
        assert not model.has_classes
        assert "returns an embedding, and no logits" in model.read_as.note
        found = attnviz.explain(model, picture, "grad-cam", 3)
        with torch.no_grad():
            wanted = network(model.preprocess.tensor(picture)[0])[entry][0, 3]
        assert found.target is not None
        assert found.target.probability == pytest.approx(float(wanted), abs=1e-5)


def test_a_black_box_has_a_task_too(picture: attnviz.Picture) -> None:
    def scorer(batch: np.ndarray) -> np.ndarray:
        return np.tile(np.array(ODDS, np.float32), (len(batch), 1))

    model = attnviz.black_box(scorer, list("abc"), input_size=8, task="multi-label")
    assert probabilities(model, picture) == pytest.approx([0.75, 0.5, 0.5], abs=1e-5)
