"""The public door: one picture in, every layer's map out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import attnviz
from attnviz.analysis import explain as explainer
from attnviz.capture.trace import Trace
from attnviz.errors import (
    MethodError,
    ModelError,
    OutOfMemoryError,
    PictureError,
    UnknownClassError,
    UnknownNameError,
)
from attnviz.methods import trace_method
from attnviz.methods.base import METHODS
from attnviz.methods.fuse import FUSED
from attnviz.methods.questions import choose_method
from attnviz.methods.trace_method import FeatureMethod
from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import RecommendedMap
from attnviz.models.zoo.vit_small import vit_small
from attnviz.pictures.geometry import Fit
from attnviz.render.focus import FocusSettings, Scale

LABELS = ("disc", "square", "line", "dot")
SMALL = Preprocess(size=64, fit=Fit.SQUASH)


@pytest.fixture
def model(tiny_ran: nn.Module) -> attnviz.VisionModel:
    return attnviz.wrap(tiny_ran, SMALL, LABELS, name="tiny")


@pytest.fixture
def picture(photo: np.ndarray) -> attnviz.Picture:
    return attnviz.open_picture(photo, name="photo")


def test_every_name_of_the_door_is_there() -> None:
    for name in attnviz.__all__:
        assert callable(getattr(attnviz, name)) or name == "evidence", name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        attnviz.nonsense  # noqa: B018


def test_the_door_of_the_readme(model: attnviz.VisionModel, picture: attnviz.Picture) -> None:
    result = attnviz.explain(model, picture)
    assert result.method == "mask-effect"  # attention is there, so "auto" asks for it
    assert result.layers == tuple(f"stage{n}.attention" for n in (1, 2, 3))
    assert [one.shape for one in result.maps] == [(16, 16), (8, 8), (4, 4)]
    assert sum(one.probability for one in result.predictions) == pytest.approx(1, abs=1e-5)
    assert {one.label for one in result.predictions} == set(LABELS)
    assert result.target is None
    focus = result.focus(layer=-1)
    assert focus.values.shape == (120, 160)
    image = attnviz.bokeh(picture, focus, radius=6)
    assert image.shape == (120, 160, 3)
    assert (image != picture.pixels).any()


@pytest.mark.parametrize("kind", ["str", "Path", "bytes", "array"])
def test_what_opens_as_a_picture_is_explained(
    kind: str, photo: np.ndarray, tmp_path: Path, model: attnviz.VisionModel
) -> None:
    path = tmp_path / "dög.png"
    Image.fromarray(photo).save(path)
    given: Any = {
        "str": str(path), "Path": path, "bytes": path.read_bytes(), "array": photo
    }[kind]  # fmt: skip
    opened = attnviz.explain(model, attnviz.open_picture(path))
    result = attnviz.explain(model, given)
    np.testing.assert_array_equal(result.maps[-1], opened.maps[-1])
    assert explainer.predict(model, given) == opened.predictions
    if kind in ("str", "Path"):
        assert result.picture.name == "dög.png"
    with pytest.raises(PictureError, match="missing"):
        attnviz.explain(model, tmp_path / "missing.jpg")


def test_predictions_equal_a_plain_pass(
    model: attnviz.VisionModel, picture: attnviz.Picture, tiny_ran: nn.Module
) -> None:
    inputs, _ = SMALL.tensor(picture)
    with torch.no_grad():
        expected = tiny_ran.eval()(inputs)[0].softmax(0)
    result = attnviz.explain(model, picture, "grad-cam")
    for one, index in zip(result.predictions, result.classes, strict=True):
        assert one.label == LABELS[index]
        assert one.probability == pytest.approx(float(expected[index]), abs=1e-6)
    assert explainer.predict(model, picture) == result.predictions


def test_a_target_is_taken_by_label_or_index(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    by_label = attnviz.explain(model, picture, "mask-gradient", target="line")
    by_index = attnviz.explain(model, picture, "mask-gradient", target=2)
    other = attnviz.explain(model, picture, "mask-gradient", target="dot")
    assert by_label.target is not None
    assert by_label.target.label == "line"
    np.testing.assert_array_equal(by_label.maps[0], by_index.maps[0])
    assert (by_label.maps[0] != other.maps[0]).any()


def test_unknown_names_list_the_nearest(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    with pytest.raises(UnknownNameError, match="Nearest: grad-cam"):
        attnviz.explain(model, picture, "gradcam")
    with pytest.raises(UnknownNameError, match="square"):
        attnviz.explain(model, picture, "grad-cam", target="squere")
    result = attnviz.explain(model, picture)
    with pytest.raises(UnknownNameError, match=r"stage2\.attention"):
        result.focus(layer="stage2.atention")
    with pytest.raises(UnknownNameError, match="0 to 2"):
        result.focus(layer=3)
    with pytest.raises(UnknownClassError, match="classes 0 to 3"):
        attnviz.explain(model, picture, "grad-cam", target=7)


def test_a_method_that_does_not_fit_is_refused(
    tiny_cnn: nn.Module, picture: attnviz.Picture
) -> None:
    with pytest.raises(MethodError, match="Choose another method"):
        attnviz.explain(attnviz.wrap(tiny_cnn, SMALL), picture, "soft-mask")


def test_a_network_without_attention_answers_for_its_decision(
    tiny_cnn: nn.Module, picture: attnviz.Picture
) -> None:
    result = attnviz.explain(attnviz.wrap(tiny_cnn, SMALL), picture)
    assert result.method == "competition"
    assert result.best_layer == result.layers[-1]
    assert result.predictions[0].label.startswith("class ")


@pytest.mark.parametrize("method", [one.name for one in METHODS if issubclass(one, FeatureMethod)])
def test_a_transformer_opens_on_the_last_block_that_has_a_say(
    method: str, picture: attnviz.Picture
) -> None:
    """Behind the last attention its class token alone has one: there all CAMs are flat."""
    torch.manual_seed(2)
    network = vit_small(4, width=32, depth=3, heads=2).eval()
    result = attnviz.explain(attnviz.wrap(network, SMALL), picture, method, target=0)
    assert result.layers[-3:] == ("blocks.0", "blocks.1", "blocks.2")
    assert not result.map_of("blocks.2").any()
    assert result.best_layer == "blocks.1"
    assert result.map_of(result.best_layer).max() > 0
    assert result.focus().layer == "blocks.1"
    assert result.focus().values.max() == 1


def test_which_block_has_a_say_is_read_off_the_pass_itself(picture: attnviz.Picture) -> None:
    """The first time one pass finds the blocks, and one what comes out; later there is one pass."""
    torch.manual_seed(2)
    network = vit_small(4, width=32, depth=3, heads=2).eval()
    passes: list[object] = []
    network.register_forward_hook(lambda *_: passes.append(1))
    model = attnviz.wrap(network, SMALL)
    for most in (3, 1):
        passes.clear()
        assert attnviz.explain(model, picture, "grad-cam", target=0).best_layer == "blocks.1"
        assert len(passes) == most


def test_a_measured_layer_is_shown_before_the_last_that_has_a_say(
    picture: attnviz.Picture,
) -> None:
    torch.manual_seed(0)
    model = attnviz.wrap(vit_small(4, width=32, depth=3, heads=2), SMALL)
    for layer in ("blocks.0", "blocks.2", FUSED):
        model.spec.answers["decision"] = RecommendedMap("grad-cam", layer)
        assert attnviz.explain(model, picture, "decision").best_layer == layer
    model.spec.answers["decision"] = RecommendedMap("grad-cam", "of another network")
    assert attnviz.explain(model, picture, "decision").best_layer == "blocks.1"


def test_questions_are_answered_by_what_was_measured() -> None:
    answers = {"decision": RecommendedMap("layer-cam", "stage3.attention")}
    measured = choose_method("decision", has_attention=True, answers=answers)
    assert (measured.method.name, measured.layer) == ("layer-cam", "stage3.attention")
    assert measured.measured
    default = choose_method("auto", has_attention=True, answers=answers)
    assert (default.method.name, default.measured) == ("mask-effect", False)


def test_scales_over_one_layer_and_over_all(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    result = attnviz.explain(model, picture)
    low, high = result.value_range
    assert low == min(float(one.min()) for one in result.maps)
    every = result.focus(0, FocusSettings(scale=Scale.ALL_LAYERS))
    assert (every.low, every.high) == (pytest.approx(max(low, 0)), pytest.approx(high))
    own = result.focus(0)
    assert own.high == pytest.approx(float(result.maps[0].max()))
    assert float(own.scaled.max()) == pytest.approx(1, abs=1e-3)
    fused = result.focus(FUSED)
    assert fused.layer == FUSED


def test_out_of_memory_is_retried_on_half_the_side(
    model: attnviz.VisionModel, picture: attnviz.Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, sizes = trace_method.capture, []

    def fails_on_large(module: nn.Module, inputs: Tensor, *rest: object, **more: object) -> Trace:
        sizes.append(inputs.shape[-1])
        if inputs.shape[-1] > 32:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(module, inputs, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(trace_method, "capture", fails_on_large)
    result = attnviz.explain(model, picture)
    assert sizes == [64, 32]
    assert "32 instead of 64 px" in result.notes[0]
    assert result.focus(0).values.shape == (120, 160)


def test_out_of_memory_twice_is_one_sentence(
    model: attnviz.VisionModel, picture: attnviz.Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> Trace:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(trace_method, "capture", fails)
    with pytest.raises(OutOfMemoryError, match="choose a smaller network"):
        attnviz.explain(model, picture)


def test_other_errors_are_not_swallowed(
    model: attnviz.VisionModel, picture: attnviz.Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> Trace:
        raise RuntimeError("something else")

    monkeypatch.setattr(trace_method, "capture", fails)
    with pytest.raises(ModelError, match="something else") as caught:
        attnviz.explain(model, picture, "mask-effect")
    assert not isinstance(caught.value, OutOfMemoryError)
    assert isinstance(caught.value.__cause__, RuntimeError)
