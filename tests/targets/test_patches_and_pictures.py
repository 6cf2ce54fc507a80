"""A patch and another picture as targets: scores and maps worked by hand, and how they move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import attnviz
from attnviz.analysis.layer_trace import head_maps, trace_layers
from attnviz.errors import MethodError, TargetError
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.vit_small import vit_small
from attnviz.pictures.geometry import Fit
from attnviz.targets import TextContext
from attnviz.targets.text import format_target, parse_target
from tests.targets.colours import LABELS, PLAIN, Colours, two_colours

RED, GREEN = attnviz.Patch(0.2, 0.2), attnviz.Patch(0.8, 0.2)


@pytest.fixture
def picture() -> attnviz.Picture:
    return two_colours()


@pytest.fixture
def model() -> attnviz.VisionModel:
    return attnviz.wrap(Colours(), PLAIN, LABELS, name="colours", scores="softmax")


@pytest.fixture
def features() -> attnviz.VisionModel:
    """The same numbers as an embedding."""
    return attnviz.wrap(Colours(), PLAIN, name="embedding", scores="none")


@pytest.fixture
def vit() -> attnviz.VisionModel:
    torch.manual_seed(0)
    network = vit_small(4, width=16, depth=2, heads=2)
    return attnviz.wrap(network.eval(), Preprocess(size=128, fit=Fit.SQUASH), (*LABELS, "grey"))


def plain(*colour: int) -> attnviz.Picture:
    return attnviz.open_picture(np.full((8, 8, 3), colour, np.uint8), name="plain")


def test_patches_of_the_same_colour_are_alike(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    result = attnviz.explain(model, picture, target=RED)
    expected = np.zeros((8, 8), np.float32)
    expected[:, :4] = 1  # cosines of colours: 1 for red, 0 for green and for black
    np.testing.assert_allclose(result.maps[-1], expected, atol=1e-6)
    assert result.method == "patch-similarity"
    assert result.target_text == "patch:.2,.2"
    assert result.target is not None
    assert result.target.label == "the patch 20 % from the left and 20 % from the top"


def test_what_the_features_of_a_patch_rest_on(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    result = attnviz.explain(model, picture, "hires-cam", GREEN)
    expected = np.zeros((8, 8), np.float32)
    expected[1, 6] = 1  # no cell sees another one: f . f* / |f*|^2 = 1 comes from the patch alone
    np.testing.assert_allclose(result.maps[-1], expected, atol=1e-6)
    assert result.target is not None
    assert result.target.probability == pytest.approx(1)  # along its own features


def test_what_a_patch_attends_to(vit: attnviz.VisionModel, photo: np.ndarray) -> None:
    opened = attnviz.open_picture(photo)
    result = attnviz.explain(vit, opened, target=attnviz.Patch(0.6, 0.3))
    assert result.method == "raw-attention"
    traced = trace_layers(vit, opened)
    expected = head_maps(traced, (0.3, 0.6))
    for values, layer in zip(result.maps, expected, strict=True):
        np.testing.assert_allclose(values, layer.values.mean(0), atol=1e-6)
    rolled = attnviz.explain(vit, opened, "rollout", attnviz.Patch(0.6, 0.3))
    assert rolled.maps[-1].argmax() == 4 * 16 + 9  # the residual path leads to the patch itself
    other = attnviz.explain(vit, opened, "rollout", attnviz.Patch(0.1, 0.9))
    assert other.maps[-1].argmax() == 14 * 16 + 1
    relevance = attnviz.explain(vit, opened, "layer-cam", attnviz.Patch(0.6, 0.3))
    assert relevance.maps[-1].argmax() == 4 * 16 + 9


def test_two_patches_compete(model: attnviz.VisionModel, picture: attnviz.Picture) -> None:
    result = attnviz.explain(model, picture, "patch-similarity", [RED, GREEN])
    assert [one.share for one in result.asked] == pytest.approx([2 / 3, 1 / 3])
    assert result.maps[-1][0, 0] == pytest.approx(1)
    assert result.maps[-1][0, 7] == pytest.approx(0.5)
    assert result.maps[-1][7, 7] == 0


@pytest.mark.parametrize("kind", ["model", "features"])
def test_likeness_by_hand(
    kind: str, request: pytest.FixtureRequest, picture: attnviz.Picture
) -> None:
    asked = request.getfixturevalue(kind)
    result = attnviz.explain(asked, picture, "hires-cam", attnviz.Alike(plain(255, 0, 0)))
    assert result.target is not None
    # Mean features 2, 1 and 0 against 4, 0 and 0.
    assert result.target.probability == pytest.approx(2 / np.sqrt(5))
    # d cos / d e = (e*/|e*| - cos e/|e|) / |e| = (1 - 4/5, -2/5) / sqrt(5)
    expected = np.zeros((8, 8), np.float32)
    expected[:, :4] = 0.2 / np.sqrt(5) / 64 * 4
    np.testing.assert_allclose(result.maps[-1], expected, atol=1e-6)


def test_likeness_to_a_patch_of_another_picture(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    other = two_colours()
    to_green = attnviz.Alike(other, at=(0.8, 0.2))
    result = attnviz.explain(model, picture, "patch-similarity", to_green)
    expected = np.zeros((8, 8), np.float32)
    expected[:4, 4:] = 1
    np.testing.assert_allclose(result.maps[-1], expected, atol=1e-6)
    assert result.target is not None
    assert result.target.probability == pytest.approx(1 / np.sqrt(5))
    relevance = attnviz.explain(model, picture, target=to_green)
    assert relevance.method == "grad-cam"
    assert relevance.maps[-1][0, 7] > relevance.maps[-1][0, 0]


def test_a_picture_is_as_like_itself_as_can_be(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    result = attnviz.explain(model, picture, "grad-cam", attnviz.Alike(picture))
    assert result.target is not None
    assert result.target.probability == pytest.approx(1)
    np.testing.assert_allclose(result.maps[-1], 0, atol=1e-6)


def test_maps_move_with_picture_and_patch(photo: np.ndarray) -> None:
    torch.manual_seed(5)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, padding_mode="circular"), nn.Tanh(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3),
    )  # fmt: skip
    model = attnviz.wrap(network.eval(), PLAIN, LABELS, scores="softmax")
    pixels = photo[:8, :8]
    here = attnviz.open_picture(np.ascontiguousarray(pixels))
    moved = attnviz.open_picture(np.roll(pixels, (2, 3), (0, 1)))
    for method in ("patch-similarity", "hires-cam"):
        first = attnviz.explain(model, here, method, attnviz.Patch(0.3, 0.2)).maps[-1]
        second = attnviz.explain(model, moved, method, attnviz.Patch(0.3 + 3 / 8, 0.2 + 2 / 8))
        np.testing.assert_allclose(second.maps[-1], np.roll(first, (2, 3), (0, 1)), atol=1e-5)
    likeness = attnviz.Alike(plain(200, 100, 0))
    first = attnviz.explain(model, here, "hires-cam", likeness).maps[-1]
    second = attnviz.explain(model, moved, "hires-cam", likeness)
    np.testing.assert_allclose(second.maps[-1], np.roll(first, (2, 3), (0, 1)), atol=1e-5)


@pytest.mark.parametrize("at", [(-0.1, 0.5), (0.5, 1.01), (float("nan"), 0.5)])
def test_points_outside_are_refused(at: tuple[float, float]) -> None:
    with pytest.raises(TargetError, match="outside the picture"):
        attnviz.Patch(*at)
    with pytest.raises(TargetError, match="outside the picture"):
        attnviz.Alike(two_colours(), at=at)


def test_a_point_that_the_network_does_not_see(photo: np.ndarray) -> None:
    cropped = attnviz.wrap(Colours(), Preprocess(size=8, fit=Fit.CROP), LABELS, scores="softmax")
    for method in ("patch-similarity", "grad-cam"):
        with pytest.raises(TargetError, match="does not see the point"):
            attnviz.explain(cropped, attnviz.open_picture(photo), method, attnviz.Patch(0, 0.5))


def test_methods_that_show_no_patch_say_so(vit: attnviz.VisionModel, photo: np.ndarray) -> None:
    with pytest.raises(MethodError, match="shows attention, which is the same whatever is asked"):
        attnviz.explain(vit, attnviz.open_picture(photo), "rollout", attnviz.Contrast(0, 1))
    with pytest.raises(MethodError, match="explains classes alone"):
        attnviz.explain(vit, attnviz.open_picture(photo), "competition", RED)


def test_another_picture_is_written_by_its_checksum(picture: attnviz.Picture) -> None:
    target = attnviz.Alike(picture, at=(0.25, 1))
    text = format_target(target)
    assert text == f"alike:{picture.sha256}@.25,1"
    known: dict[str, Any] = {picture.sha256: picture}
    assert parse_target(text, TextContext(open_picture=known.__getitem__)) == target
    with pytest.raises(TargetError, match="cannot be opened here"):
        parse_target(text, TextContext())
