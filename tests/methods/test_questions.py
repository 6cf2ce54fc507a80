"""Which method answers a question, and which are offered for a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from torch import nn

import attnviz
from attnviz.analysis.explain import method_cost
from attnviz.capture.site import Kind
from attnviz.errors import MethodError
from attnviz.methods import METHODS
from attnviz.methods.class_mask import ClassMask
from attnviz.methods.d_rise import DRise
from attnviz.methods.direct_contributions import DirectContributions
from attnviz.methods.mask_gradient import MaskGradient
from attnviz.methods.questions import (
    Question,
    can_answer,
    choose_method,
    choose_methods,
    has_spatial_attention,
    is_slow,
    methods_for,
    questions_for,
)
from attnviz.methods.trace_method import trace_method
from attnviz.models.catalogue import find_model
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import Fit
from tests.capture.families import FAMILIES


@dataclass(frozen=True)
class Known:
    """What the catalogue would say of a network."""

    kinds: tuple[str, ...]
    layout: str = "NCHW"
    values: bool = True
    class_masks: bool = False
    has_classes: bool = True
    finds_things: bool = False

    @property
    def decides(self) -> bool:
        return self.has_classes or self.finds_things


CNN = (Kind.FEATURES,)
VIT = (Kind.CONTEXT, Kind.FEATURES)
RAN = (Kind.SPATIAL, Kind.FEATURES)
SE = (Kind.CHANNEL, Kind.FEATURES)
CBAM = (Kind.CHANNEL, Kind.SPATIAL, Kind.FEATURES)


@pytest.mark.parametrize(
    ("kinds", "attention", "decision"),
    [
        (VIT, "rollout", "legrad"),
        (RAN, "mask-effect", "competition"),
        (SE, "channel-gate", "competition"),
        (CBAM, "mask-effect", "competition"),
        ((), "mask-effect", "competition"),
    ],
)
def test_defaults(kinds: tuple[Kind, ...], attention: str, decision: str) -> None:
    expected = {Question.ATTENTION: attention, Question.DECISION: decision, "auto": attention}
    for question, name in expected.items():
        choice = choose_method(question, has_attention=True, kinds=kinds)
        assert (choice.method.name, choice.measured) == (name, False)


@pytest.mark.parametrize(
    ("kinds", "shown", "next_one"),
    [
        (VIT, "carried-attention", "head-consensus"),
        (CNN, "normalised-cut", "competition"),
        (RAN, "mask-effect", "normalised-cut"),
        ((Kind.CONTEXT,), "carried-attention", "head-consensus"),
    ],
)
def test_networks_without_classes(kinds: tuple[Kind, ...], shown: str, next_one: str) -> None:
    """They have no decision, so "auto" asks what they attend to, or else for objects."""
    attends = has_spatial_attention(kinds)
    for question in ("auto", Question.ATTENTION):
        choices = choose_methods(question, has_attention=attends, kinds=kinds, has_classes=False)
        assert [choice.method.name for choice in choices[:2]] == [shown, next_one]
        assert choices[0].question is Question.ATTENTION


def test_auto_without_attention_asks_for_the_decision() -> None:
    choice = choose_method("auto", has_attention=False, kinds=CNN)
    assert (choice.method.name, choice.question) == ("competition", Question.DECISION)


@pytest.mark.parametrize("kinds", [CNN, VIT, RAN, SE, CBAM])
def test_only_what_fits_is_offered_and_attention_first(kinds: tuple[Kind, ...]) -> None:
    offered = methods_for(Known(kinds))
    assert {method.name for method in offered} == {
        method.name
        for method in METHODS
        if method.kind in (*kinds, None) and method not in (ClassMask, DRise, DirectContributions)
    }
    asked = {*methods_for(Known(kinds, class_masks=True))}
    assert asked == {*offered, ClassMask} - {MaskGradient}
    assert {*methods_for(Known(kinds, finds_things=True))} == {*offered, DRise}
    natures = [method.nature for method in offered]
    assert natures == sorted(natures)
    assert methods_for(Known(tuple(str(kind) for kind in kinds))) == offered


def test_what_fits_one_of_several_networks_is_offered_once() -> None:
    networks = Known(VIT, "NTC"), Known(CNN)
    together = methods_for(*networks)
    alone = [method for one in networks for method in methods_for(one)]
    assert len(together) == len({*together}) < len(alone)
    assert {*together} == {*alone}
    assert DirectContributions in methods_for(networks[0])
    assert methods_for() == ()


@pytest.mark.parametrize(
    ("name", "family", "not_offered"),
    [
        ("vit-small", "vit-small", {"shapley-cam", "fullgrad"}),
        ("ran-small", "ran-small", {"class-mask"}),
        (
            "swin_t",
            "torchvision Swin",
            {"ablation-cam", "direct-contributions", "shapley-cam", "fullgrad"},
        ),
        (
            "cait_xxs24_224.fb_dist_in1k",
            "timm CaiT",
            {"attention-value-norm", "shapley-cam", "fullgrad"},
        ),
        ("gcresnet33ts.ra2_in1k", "timm GC", {"attention-value-norm", "direct-contributions"}),
    ],
)
def test_every_method_that_is_offered_runs_and_no_other(
    name: str, family: str, not_offered: set[str]
) -> None:
    spec = find_model(name)
    offered = {method.name for method in methods_for(spec)}
    others = {m.name for m in METHODS if m.kind in (*spec.kinds, None)} - offered
    assert others == {*not_offered, "d-rise"}
    small = FAMILIES[family]
    model = attnviz.wrap(small.make(), Preprocess(size=min(small.size), multiple=1))
    pixels = np.random.default_rng(0).integers(0, 255, (*small.size, 3), dtype=np.uint8)
    picture = attnviz.open_picture(pixels, name="noise")
    for method in offered:
        starts(model, picture, method)
    for method in not_offered:
        with pytest.raises(MethodError, match=r"does not work on|needs the values"):
            starts(model, picture, method)


def starts(model: VisionModel, picture: Picture, method: str) -> None:
    """Run it, or where it takes many passes, find out how many."""
    if METHODS.get(method).many_passes:
        method_cost(model, picture, method)
    else:
        attnviz.explain(model, picture, method)


def test_the_cost_can_be_shown_before(tiny_cnn: nn.Module, photo: np.ndarray) -> None:
    model = attnviz.wrap(tiny_cnn, Preprocess(size=64, fit=Fit.SQUASH))
    picture = attnviz.open_picture(photo, name="photo")
    costs = {name: method_cost(model, picture, name) for name in ("grad-cam", "ablation-cam")}
    assert (costs["grad-cam"].forward, costs["grad-cam"].backward) == (1, 1)
    assert (costs["ablation-cam"].forward, costs["ablation-cam"].backward) == (18, 0)


def test_a_trace_does_not_serve_every_method() -> None:
    assert trace_method("rollout").name == "rollout"
    with pytest.raises(attnviz.AttnvizError, match="more passes than one"):
        trace_method("score-cam")


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [(CNN, False), (SE, False), (VIT, True), (RAN, True), (CBAM, True), ((), False)],
)
def test_gates_attend_to_no_position(kinds: tuple[Kind, ...], expected: bool) -> None:
    assert has_spatial_attention(kinds) is expected
    assert (Question.ATTENTION in questions_for(Known(kinds))) is expected
    assert can_answer(Known(kinds), "attention") is expected
    assert can_answer(Known(kinds), "auto")
    assert can_answer(Known(kinds), "decision")


def test_a_network_answers_by_the_methods_that_fit_it() -> None:
    for kinds in (CNN, VIT, SE, CBAM):
        offered = {method.name for method in methods_for(Known(kinds))}
        assert {m.name for m in METHODS if can_answer(Known(kinds), m.name)} == offered
    assert not can_answer(Known(VIT), "no-such-method")
    assert Question.ATTENTION in questions_for(Known(CNN), Known(VIT))


def test_only_methods_of_many_passes_are_slow() -> None:
    assert not any(map(is_slow, ("auto", *Question, "grad-cam", "rollout", "competition")))
    assert is_slow("score-cam")


def test_of_a_detector_the_decision_is_explained_but_no_weights_of_a_class() -> None:
    detector = Known(CNN, has_classes=False, finds_things=True)
    assert questions_for(detector) == (Question.DECISION,)
    offered = {method.name for method in methods_for(detector)}
    assert {"grad-cam", "layer-cam", "d-rise", "eigen-cam"} <= offered
    assert not {method.name for method in METHODS if method.needs_class} & offered
    assert can_answer(detector, "decision")
    transformer = Known(VIT, layout="NTC", has_classes=False, finds_things=True)
    assert questions_for(transformer) == tuple(Question)


def test_without_classes_no_decision_is_explained() -> None:
    """What reads attention, likeness, or relevance that is the same for every class, stays."""
    backbone = Known(("context", "features"), layout="NTC", has_classes=False)
    assert questions_for(backbone) == (Question.ATTENTION,)
    assert not can_answer(backbone, "decision")
    convolutions = Known(CNN, has_classes=False)  # its objects are shown
    assert questions_for(convolutions) == (Question.ATTENTION,)
    assert can_answer(convolutions, "attention")
    offered = {method.name for method in methods_for(backbone)}
    assert {"rollout", "raw-attention", "patch-similarity", "eigen-cam"} <= offered
    assert not {"grad-cam", "legrad", "rise", "competition", "gradient-rollout"} & offered
    classifier = Known(("context", "features"), layout="NTC")
    assert offered < {method.name for method in methods_for(classifier)}
    assert questions_for(backbone, classifier) == tuple(Question)
