"""A class that does not exist is refused alike, whoever is asked to explain or measure it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import SqueezeExcitation

import attnviz
from attnviz.analysis.class_maps import class_maps, finer_map
from attnviz.capture.logits import target_classes
from attnviz.capture.site import Kind
from attnviz.errors import UnknownClassError
from attnviz.evidence.randomisation.check import check_sanity
from attnviz.evidence.run import run_experiment
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from attnviz.methods import Inference
from attnviz.methods.base import METHODS
from attnviz.methods.class_mask import ClassMask
from attnviz.models.classes import index_of_class
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.vit_small import vit_small

LABELS = ("cat", "dog", "car", "cart")
IMPOSSIBLE = (99, 4, -1, True, 1.0, 2.5, np.bool_(True), None, "dig", "3")


class Patches(nn.Module):
    """Sixteen patches, one layer of attention, their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 8, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 8, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        tokens = self.patch(inputs).flatten(2).transpose(1, 2)
        scores: Tensor = self.head(self.layer(tokens).mean(1))
        return scores


class Pool(nn.Sequential):
    """A classifier of averaged features."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


@pytest.fixture
def picture(photo: np.ndarray) -> attnviz.Picture:
    return attnviz.open_picture(photo)


@pytest.fixture(params=[(), LABELS], ids=["without labels", "with labels"])
def model(request: pytest.FixtureRequest) -> attnviz.VisionModel:
    torch.manual_seed(0)
    return attnviz.wrap(Patches().eval(), Preprocess(size=32), request.param)


@pytest.mark.parametrize("target", [one for one in IMPOSSIBLE if one is not None])
@pytest.mark.parametrize("method", ["grad-cam", "rollout", "raw-attention", "eigen-cam", "auto"])
def test_explaining_refuses_what_is_no_class(
    model: attnviz.VisionModel, picture: attnviz.Picture, method: str, target: Any
) -> None:
    with pytest.raises(UnknownClassError):
        attnviz.explain(model, picture, method, target)


@pytest.mark.parametrize("method", [m.name for m in METHODS if m is not ClassMask])
def test_no_method_takes_a_class_beyond_the_last(tiny_ran: nn.Module, method: str) -> None:
    torch.manual_seed(1)
    gates = nn.Sequential(
        nn.Conv2d(3, 8, 3), SqueezeExcitation(8, 4), nn.Conv2d(8, 8, 3), nn.ReLU(), Pool(8, 4)
    )
    kind = METHODS.get(method).kind
    module = {Kind.SPATIAL: tiny_ran, Kind.CONTEXT: vit_small(4, width=16, depth=2, heads=2)}
    network = module.get(kind, gates).eval()
    with pytest.raises(UnknownClassError, match="classes 0 to 3"):
        METHODS.get(method)().run(Inference.of(network, torch.rand(1, 3, 64, 64), 4))


@pytest.mark.parametrize("target", [99, -1, True, 1.5])
def test_evidence_refuses_what_is_no_class(
    model: attnviz.VisionModel, picture: attnviz.Picture, target: Any
) -> None:
    ran: list[Subject] = []
    with pytest.raises(UnknownClassError):
        run_experiment(model, picture, ran.append, target)
    assert not ran
    with pytest.raises(UnknownClassError):
        class_maps(model, picture, [0, target])
    with pytest.raises(UnknownClassError):
        finer_map(model, picture, 0, [target])
    with pytest.raises(UnknownClassError):
        check_sanity(model, picture, "grad-cam", "layer", target)
    subject = Subject(model.module, np.zeros((32, 32, 3), np.uint8), lambda one: one, target)
    with pytest.raises(UnknownClassError):
        score_variants(subject, [torch.zeros(1, 3, 32, 32)], 1)


@pytest.mark.parametrize("index", [2, np.int64(2), np.uint8(2), torch.tensor(2), "car"])
def test_whole_numbers_of_any_kind_and_labels_name_a_class(index: Any) -> None:
    assert index_of_class(index, LABELS) == 2
    if not isinstance(index, str):
        assert index_of_class(index, (), 3) == index_of_class(index, ()) == 2
        assert target_classes(torch.zeros(2, 3), index).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("target", "count", "said"),
    [
        (99, None, "There is no class 99: the network has the classes 0 to 3. Nearest: 3, 'cart'."),
        (-1, None, "There is no class -1: the network has the classes 0 to 3. Nearest: 0, 'cat'."),
        ("cas", None, "There is no class named 'cas'. Nearest: cat, car, cart."),
        (True, None, "A class is given by its index, a whole number, or by its label, not True."),
    ],
)
def test_the_refusal_suggests_the_nearest(target: Any, count: int | None, said: str) -> None:
    with pytest.raises(UnknownClassError) as refusal:
        index_of_class(target, LABELS, count)
    assert str(refusal.value) == said


def test_a_refusal_without_labels_names_the_indices() -> None:
    with pytest.raises(
        UnknownClassError, match=r"no labels here\. Choose one by its index, from 0"
    ):
        index_of_class("cat", (), 4)
    with pytest.raises(UnknownClassError, match=r"no labels here\. Choose one by its index\."):
        index_of_class("cat", ())
    with pytest.raises(UnknownClassError, match="no class 1: the network has the class 0 only"):
        index_of_class(1, (), 1)
    with pytest.raises(UnknownClassError, match=r"no class -1: they are counted from 0\."):
        index_of_class(-1, ())


def test_a_class_without_labels_is_named_as_it_is_shown() -> None:
    assert index_of_class("class 2", (), 3) == index_of_class("class 2", ()) == 2
    with pytest.raises(UnknownClassError, match="no class 3: the network has the classes 0 to 2"):
        index_of_class("class 3", (), 3)
    with pytest.raises(UnknownClassError, match="no class named 'class 2'"):
        index_of_class("class 2", LABELS)


def test_each_input_of_a_batch_has_its_own_class() -> None:
    scores = torch.tensor([[0.0, 2.0], [3.0, 1.0]])
    assert target_classes(scores, None).tolist() == [1, 0]
    assert target_classes(scores, torch.tensor([1, 1])).tolist() == [1, 1]
    with pytest.raises(UnknownClassError, match="no class 2"):
        target_classes(scores, torch.tensor([1, 2]))
    with pytest.raises(UnknownClassError, match=r"not 1\.0"):
        target_classes(scores, torch.tensor([1.0, 0.0]))
