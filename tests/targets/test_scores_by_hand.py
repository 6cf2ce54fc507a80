"""The score of each kind of target, worked by hand on a network whose logits are mean colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.errors import GradientError, MethodError, TargetError, UnknownClassError
from attnviz.targets.single_class import Class
from tests.state import left_as_it_was
from tests.targets.colours import LABELS, PLAIN, Colours, two_colours


@pytest.fixture
def picture() -> attnviz.Picture:
    return two_colours()


@pytest.fixture
def model() -> attnviz.VisionModel:
    return attnviz.wrap(Colours(), PLAIN, LABELS, name="colours", scores="softmax")


def test_the_difference_of_two_classes(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    result = attnviz.explain(model, picture, "grad-cam", attnviz.Contrast("red", "green"))
    (asked,) = result.asked
    # Logits 2, 1 and 0: the difference is 1.
    assert asked.prediction.probability == pytest.approx(1 / (1 + np.exp(-1)))
    assert asked.prediction.label == "red rather than green"
    assert result.target == asked.prediction
    assert result.target_text == "contrast:red|green"
    # Gradients 1/64 and -1/64, features 4: what is red is for it, and green only against it.
    expected = np.zeros((8, 8), np.float32)
    expected[:, :4] = 4 / 64
    np.testing.assert_allclose(result.maps[-1], expected, atol=1e-6)
    assert [one.label for one in result.predictions] == list(LABELS)
    assert result.predictions[0].probability == pytest.approx(np.exp(2) / (np.exp([2, 1, 0]).sum()))


@pytest.mark.parametrize("method", ["hires-cam", "score-cam", "occlusion"])
def test_a_class_is_explained_alike_by_its_name_its_index_its_target_and_a_function(
    model: attnviz.VisionModel, picture: attnviz.Picture, method: str
) -> None:
    ways: list[Any] = ["green", 1, Class("green"), Class(1), "class:green", lambda out: out[:, 1]]
    results = [attnviz.explain(model, picture, method, way) for way in ways]
    for result in results:
        np.testing.assert_array_equal(result.maps[-1], results[0].maps[-1])
        assert result.predictions == results[0].predictions
    assert {result.target_text for result in results[:5]} == {"green"}
    assert results[0].target == results[4].target
    assert results[5].target is not None
    assert results[5].target.probability == pytest.approx(1.0)  # a value, the logit


@pytest.mark.parametrize("method", ["grad-cam", "layer-cam", "score-cam", "eigen-grad-cam"])
def test_methods_with_and_without_gradients_explain_any_score(
    model: attnviz.VisionModel, picture: attnviz.Picture, method: str
) -> None:
    result = attnviz.explain(model, picture, method, attnviz.Contrast("green", "red"))
    upper_right, elsewhere = result.maps[-1][:4, 4:], result.maps[-1][4:]
    assert upper_right.min() > elsewhere.max()


def test_a_contrast_is_the_difference_of_the_gradients(picture: attnviz.Picture) -> None:
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 5, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3)
    )
    model = attnviz.wrap(network.eval(), PLAIN, LABELS, scores="softmax")
    inputs = torch.from_numpy(picture.pixels / 255).permute(2, 0, 1)[None].float()
    features = network[1](network[0](inputs)).detach().requires_grad_()
    logits = network[2:](features)[0]
    slopes = [torch.autograd.grad(logits[one], features, retain_graph=True)[0] for one in (0, 1)]
    expected = ((slopes[0] - slopes[1]) * features).sum(1).relu()[0].detach()
    result = attnviz.explain(model, picture, "hires-cam", attnviz.Contrast("red", "green"))
    np.testing.assert_allclose(result.maps[-1], expected, atol=1e-6)


def test_several_targets_compete(model: attnviz.VisionModel, picture: attnviz.Picture) -> None:
    alone = [attnviz.explain(model, picture, "grad-cam", one).maps[-1] for one in ("red", "green")]
    result = attnviz.explain(model, picture, "grad-cam", ["red", "green"])
    for one, values in zip(result.asked, alone, strict=True):
        np.testing.assert_allclose(one.maps[-1], values, atol=1e-7)
    # Red covers half of the picture, green a quarter, both with the same height.
    assert [one.share for one in result.asked] == pytest.approx([2 / 3, 1 / 3])
    expected = np.zeros((8, 8), np.float32)
    expected[:, :4], expected[:4, 4:] = 1, 0.5
    np.testing.assert_allclose(result.maps[-1], expected, atol=1e-6)
    assert result.target_text == "red;green"
    assert result.target is not None
    assert result.target.label == "red and green"


def test_targets_of_several_kinds_compete_in_one_pass(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    passes: list[int] = []
    counting = model.module.register_forward_hook(lambda *_: passes.append(1))
    targets = [attnviz.Contrast("red", "blue"), attnviz.Contrast("green", "blue"), "blue"]
    attnviz.explain(model, picture, "grad-cam", targets)
    before = len(passes)
    attnviz.explain(model, picture, "grad-cam", targets)
    counting.remove()
    assert len(passes) - before == 1
    result = attnviz.explain(model, picture, "grad-cam", targets)
    assert [one.share for one in result.asked] == pytest.approx([2 / 3, 1 / 3, 0])


def test_one_pass_is_enough_for_one_score(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    attnviz.explain(model, picture, "grad-cam", attnviz.Contrast(0, 1))
    passes: list[int] = []
    counting = model.module.register_forward_hook(lambda *_: passes.append(1))
    attnviz.explain(model, picture, "grad-cam", attnviz.Contrast(0, 1))
    counting.remove()
    assert len(passes) == 1


@pytest.mark.parametrize(
    ("wrapped", "function"),
    [
        (lambda logits: {"boxes": logits[:, None], "n": 3}, lambda out: out["boxes"][:, 0, 0]),
        (lambda logits: [logits[:, :, None, None], None], lambda out: out[0][:, 0].sum((1, 2))),
        (lambda logits: logits.softmax(1), lambda out: out[:, 0].log()),
    ],
    ids=["a dictionary", "a list", "probabilities"],
)
def test_a_function_gets_what_the_network_returns(
    picture: attnviz.Picture, wrapped: Any, function: Any
) -> None:
    model = attnviz.wrap(Colours(wrapped), PLAIN)
    with left_as_it_was(model.module):
        result = attnviz.explain(model, picture, "grad-cam", function)
    red = result.maps[-1][:, :4]
    assert red.min() > 0
    assert result.maps[-1][:, 4:].max() == 0
    assert result.target_text == "function:<lambda>"


def _raises(output: Tensor) -> Tensor:
    raise KeyError("boxes")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda out: out, r"one number for each picture, \[1\], not \[1, 3\]"),
        (lambda _: None, "returned None, and no tensor"),
        (lambda out: out[:, 0] * torch.nan, "NaN"),
        (lambda out: out.argmax(1), "not .* of torch.int64"),
        (_raises, "_raises failed on the network's output: KeyError"),
    ],
)
def test_a_function_without_a_score_is_told(
    model: attnviz.VisionModel, picture: attnviz.Picture, function: Any, says: str
) -> None:
    with left_as_it_was(model.module), pytest.raises(TargetError, match=says):
        attnviz.explain(model, picture, "grad-cam", function)


def test_a_score_without_gradients_serves_methods_that_need_none(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    def red(output: Tensor) -> Tensor:
        return output.detach()[:, 0]

    with pytest.raises(GradientError, match="function:red has no gradients"):
        attnviz.explain(model, picture, "grad-cam", red)
    result = attnviz.explain(model, picture, "score-cam", red)
    assert result.maps[-1][:, :4].min() > result.maps[-1][:, 4:].max()


@pytest.mark.parametrize("method", ["competition", "finer-cam", "eigen-cam", "mask-effect"])
def test_what_a_method_cannot_explain_is_told(
    model: attnviz.VisionModel, picture: attnviz.Picture, method: str
) -> None:
    with pytest.raises(MethodError, match=r"contrast:red\|green\. Choose a method that explains"):
        attnviz.explain(model, picture, method, attnviz.Contrast("red", "green"))


def test_questions_are_answered_by_a_method_that_explains_any_score(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    for question in ("auto", "decision"):
        result = attnviz.explain(model, picture, question, attnviz.Contrast("red", "green"))
        assert result.method == "grad-cam"


def test_maps_turn_with_the_picture(model: attnviz.VisionModel, picture: attnviz.Picture) -> None:
    flipped = attnviz.open_picture(np.ascontiguousarray(picture.pixels[:, ::-1]))
    moved = attnviz.open_picture(np.roll(picture.pixels, (2, 3), (0, 1)))
    for target in (attnviz.Contrast("red", "green"), lambda out: out[:, 0] * out[:, 1]):
        result = attnviz.explain(model, picture, "hires-cam", target).maps[-1]
        other = attnviz.explain(model, flipped, "hires-cam", target).maps[-1]
        np.testing.assert_allclose(other[:, ::-1], result, atol=1e-6)
        other = attnviz.explain(model, moved, "hires-cam", target).maps[-1]
        np.testing.assert_allclose(other, np.roll(result, (2, 3), (0, 1)), atol=1e-6)


def test_impossible_questions(model: attnviz.VisionModel, picture: attnviz.Picture) -> None:
    with pytest.raises(UnknownClassError, match="Nearest: red"):
        attnviz.explain(model, picture, "grad-cam", attnviz.Contrast("rad", "green"))
    with pytest.raises(TargetError, match="red cannot be contrasted with itself"):
        attnviz.Contrast("red", "red")
    with pytest.raises(TargetError, match="Between 1 and 12"):
        attnviz.explain(model, picture, "grad-cam", [])
    with pytest.raises(TargetError, match="in Python only"):
        attnviz.explain(model, picture, "grad-cam", "function:red")


def test_a_class_that_attention_passes_over_is_told(
    tiny_ran: torch.nn.Module, photo: np.ndarray
) -> None:
    model = attnviz.wrap(tiny_ran, attnviz.Preprocess(size=64), (*LABELS, "grey"))
    result = attnviz.explain(model, attnviz.open_picture(photo), target="red")
    assert (result.method, result.target, result.asked) == ("mask-effect", None, ())
    assert any("so it does not explain red" in note for note in result.notes)
    result = attnviz.explain(model, attnviz.open_picture(photo), "decision", "red")
    assert result.target_text == "red"
    assert not any("explain red" in note for note in result.notes)


def test_what_a_model_cannot_be_asked_is_told_with_what_it_can(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    with pytest.raises(TargetError) as told:
        attnviz.explain(model, picture, target=attnviz.Words("a red car"))
    sentence = str(told.value)
    assert sentence.startswith("colours cannot be asked for words, as in words:a red car.")
    assert "It can be asked for a class, " in sentence
    assert "a patch of the picture" in sentence
    assert "box" not in sentence
