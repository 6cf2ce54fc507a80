"""A method that fails on a network steps aside for the next one, and that is said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.analysis.class_maps import class_maps, likely_maps
from attnviz.analysis.explain import explain
from attnviz.analysis.kinds import network_kinds
from attnviz.capture.discovery import find_sites
from attnviz.capture.site import Kind
from attnviz.errors import (
    InternalError,
    MethodError,
    ModelError,
    NoSitesError,
    OutOfMemoryError,
    UnknownClassError,
)
from attnviz.methods.competition import Competition
from attnviz.methods.legrad import LeGrad
from attnviz.methods.questions import Question, choose_method, choose_methods
from attnviz.methods.raw_attention import RawAttention
from attnviz.methods.rollout import Rollout
from attnviz.methods.trace_method import TraceMethod
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture
from tests.state import left_as_it_was


class Attention(nn.Module):
    """Self-attention whose masked rows are NaN before `nan_to_num`, where `masked` says so."""

    def __init__(self, masked: bool) -> None:
        super().__init__()
        self.qkv, self.masked = nn.Linear(8, 24), masked

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, 2)
        scores = q @ k.transpose(1, 2)
        if self.masked:
            scores = scores.masked_fill(torch.eye(64)[3].bool()[:, None], -torch.inf)
        return x + scores.softmax(-1).nan_to_num() @ v


class Attending(nn.Module):
    """A stem, two blocks of self-attention over 8 x 8 tokens, and a linear head."""

    def __init__(self, *masked: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches, self.head = nn.Conv2d(3, 8, 8, 8), nn.Linear(8, 4)
        self.blocks = nn.Sequential(*map(Attention, masked or (False, False)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.patches(x).flatten(2).transpose(1, 2)).mean(1))


@pytest.fixture
def picture() -> Picture:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    return open_picture(pixels, name="noise")


@pytest.fixture
def model() -> VisionModel:
    return wrap(Attending().eval(), Preprocess(size=64), name="mine")


def fails(*_: object, **__: object) -> Any:
    raise IndexError("index 0 is out of bounds")


def does_not_fit(*_: object, **__: object) -> Any:
    raise MethodError("It does not fit. Choose another method.")


def finds_nothing(*_: object, **__: object) -> Any:
    raise NoSitesError("There is nothing to read. Choose another method.")


def gives_nan(_method: object, readings: Any) -> list[Tensor]:
    return [torch.full((1, 8, 8), torch.nan) for _ in readings]


def gives_infinity(_method: object, readings: Any) -> list[Tensor]:
    return [torch.full((1, 8, 8), torch.inf) for _ in readings]


BREAKS: dict[str, tuple[Callable[..., Any], str]] = {
    "an error of ours": (fails, "attnviz itself failed on mine (IndexError in"),
    "does not fit": (does_not_fit, "It does not fit."),
    "no sites": (finds_nothing, "There is nothing to read."),
    "NaN": (gives_nan, "gave no finite values at blocks.1 of mine"),
    "infinity": (gives_infinity, "gave no finite values at blocks.1 of mine"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_the_next_method_answers(
    how: str, model: VisionModel, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, said = BREAKS[how]
    expected = explain(model, picture, "competition", target=1)
    monkeypatch.setattr(Rollout, "maps", broken)
    for question in ("auto", "attention"):
        found = explain(model, picture, question)
        assert (found.method, found.choice.question) == ("raw-attention", Question.ATTENTION)
        (note,) = found.notes
        assert note.startswith(
            "Attention of the layer is shown, because Attention rollout gave no map: "
        )
        assert said.rstrip(".") in note
    monkeypatch.setattr(LeGrad, "maps", broken)
    found = explain(model, picture, "decision", target=1)
    assert found.method == "competition"
    assert len(found.notes) == 1
    for one, other in zip(found.maps, expected.maps, strict=True):
        np.testing.assert_array_equal(one, other)
    # Without any attention that can be shown, what the decision rests on is.
    monkeypatch.setattr(RawAttention, "maps", broken)
    found = explain(model, picture, "attention", target=1)
    assert (found.method, found.choice.question) == ("competition", Question.DECISION)
    (note,) = found.notes
    assert "Attention rollout, Attention of the layer and LeGrad gave no map" in note


@pytest.mark.parametrize("how", BREAKS)
def test_by_name_it_is_an_error(
    how: str, model: VisionModel, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, said = BREAKS[how]
    monkeypatch.setattr(Rollout, "maps", broken)
    with pytest.raises((MethodError, InternalError, NoSitesError)) as caught:
        explain(model, picture, "rollout")
    assert said in str(caught.value)


def test_where_nothing_works_the_first_says_why(
    model: VisionModel, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TraceMethod, "run", fails)
    monkeypatch.setattr(Competition, "run", does_not_fit)
    with pytest.raises(InternalError, match="attnviz itself failed on mine"):
        explain(model, picture)


def test_maps_of_several_classes_fall_back_too(
    model: VisionModel, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = class_maps(model, picture, [0, 2], "competition")
    monkeypatch.setattr(LeGrad, "maps", gives_nan)
    found = class_maps(model, picture, [0, 2])
    np.testing.assert_array_equal(found.maps, expected.maps)
    assert (found.choice.method.name, found.layer) == ("competition", expected.layer)
    (note,) = found.notes
    assert "because LeGrad gave no map" in note
    assert np.isfinite(likely_maps(model, picture, 3).maps).all()
    with pytest.raises(MethodError, match="LeGrad gave no finite values"):
        class_maps(model, picture, [0], "legrad")


@pytest.mark.parametrize("masked", [(True, True), (False, True), (True, False)])
def test_rows_that_a_mask_makes_nan_are_never_shown(
    masked: tuple[bool, bool], picture: Picture
) -> None:
    """As in windows whose padding is masked; the network itself replaces them."""
    network = Attending(*masked).eval()
    with left_as_it_was(network):
        for method in ("auto", "attention", "decision", "grad-cam"):
            found = explain(wrap(network, Preprocess(size=64)), picture, method)
            assert all(np.isfinite(one).all() for one in found.maps)
            assert np.isfinite(found.focus().values).all()


def test_a_single_layer_without_finite_values_is_left_out(
    model: VisionModel, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_is_nan(_method: object, readings: Any) -> list[Tensor]:
        return [torch.full((1, 8, 8), torch.nan), torch.ones(1, 8, 8)][: len(readings)]

    monkeypatch.setattr(Rollout, "maps", first_is_nan)
    for method in ("auto", "rollout"):
        found = explain(model, picture, method)
        assert (found.method, found.layers, found.best_layer) == (
            "rollout", ("blocks.1",), "blocks.1",
        )  # fmt: skip
        assert found.notes == ("Left out, because its map is not finite: blocks.0.",)


class OneAtATime(Attending):
    """A network that takes one picture at a time, so that a search over two fails."""

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).view(1, 8, 64).transpose(1, 2)
        return self.head(self.blocks(tokens).mean(1))


def test_a_search_that_fails_is_left_out(picture: Picture) -> None:
    network = OneAtATime().eval()
    model = wrap(network, Preprocess(size=64), name="mine")
    usual = wrap(Attending().eval(), Preprocess(size=64))
    expected = explain(usual, picture, "grad-cam", target=1)
    with left_as_it_was(network):
        assert network_kinds(model, picture) == (Kind.FEATURES,)
        for method in ("auto", "attention", "decision"):
            found = explain(model, picture, method, target=1)
            assert np.isfinite(found.map_of(found.best_layer)).all()
            (note,) = (note for note in found.notes if "search" in note)
            assert "Sites of the kind spatial, channel and context were not found" in note
        found = explain(model, picture, "grad-cam", target=1)
    np.testing.assert_allclose(found.maps[-1], expected.maps[-1], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("part", ["find_gates", "find_self_attention"])
def test_a_search_with_an_error_of_ours_is_left_out(
    part: str, model: VisionModel, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_sites, part, fails)
    found = explain(model, picture)
    assert found.method == "competition"
    assert any("attnviz itself failed on mine" in note for note in found.notes)
    assert len(set(found.notes)) == len(found.notes)


def test_what_users_must_know_is_not_passed_over(
    model: VisionModel, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def memory(*_: object, **__: object) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    for method in ("auto", "attention", "decision"):
        with pytest.raises(UnknownClassError):
            explain(model, picture, method, target=9)
    with pytest.raises(UnknownClassError):
        class_maps(model, picture, [0, 9])
    monkeypatch.setattr(Rollout, "maps", memory)
    with pytest.raises(OutOfMemoryError):
        explain(model, picture)
    broken = Attending().eval()
    broken.head.bias.data[1] = torch.nan
    with pytest.raises(ModelError, match="returned NaN"):
        explain(wrap(broken, Preprocess(size=64)), picture)


def test_the_first_choice_is_the_one_method_and_grad_cam_the_last_resort() -> None:
    for kinds in ((Kind.CONTEXT, Kind.FEATURES), (Kind.FEATURES,), ()):
        for name in ("attention", "decision", "auto"):
            choices = choose_methods(name, has_attention=bool(kinds), kinds=kinds)
            names = [choice.method.name for choice in choices]
            assert choices[0] == choose_method(name, has_attention=bool(kinds), kinds=kinds)
            assert len(set(names)) == len(names)
            assert names[-1] == "grad-cam"
    assert len(choose_methods("rollout", has_attention=True)) == 1
