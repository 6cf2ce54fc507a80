"""Which method answers a question, and which are offered for a network."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

import attnviz
from attnviz.capture.trace import Kind
from attnviz.explainer import method_cost
from attnviz.geometry import Fit
from attnviz.methods import METHODS
from attnviz.methods.base import trace_method
from attnviz.methods.questions import Question, choose_method, methods_for
from attnviz.models.preprocess import Preprocess

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


def test_auto_without_attention_asks_for_the_decision() -> None:
    choice = choose_method("auto", has_attention=False, kinds=CNN)
    assert (choice.method.name, choice.question) == ("competition", Question.DECISION)


@pytest.mark.parametrize("kinds", [CNN, VIT, RAN, SE, CBAM])
def test_only_what_fits_is_offered_and_attention_first(kinds: tuple[Kind, ...]) -> None:
    offered = methods_for(kinds)
    assert {method.name for method in offered} == {
        method.name for method in METHODS if method.kind in kinds
    }
    natures = [method.nature for method in offered]
    assert natures == sorted(natures)
    assert methods_for([str(kind) for kind in kinds]) == offered


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
