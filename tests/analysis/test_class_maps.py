"""Maps of several classes: from one pass, at a point, and one class against another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.analysis.class_maps import class_maps, difference, finer_map, likely_maps
from attnviz.analysis.classes_at_point import classes_at
from attnviz.analysis.explain import probabilities
from attnviz.errors import MethodError, UnknownClassError, UnknownNameError
from attnviz.methods.fuse import FUSED, fuse_layers
from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import RecommendedMap
from attnviz.models.zoo.vit_small import vit_small
from attnviz.pictures.geometry import Fit

LABELS = ("disc", "square", "line", "dot")
SMALL = Preprocess(size=64, fit=Fit.SQUASH)


@pytest.fixture
def picture(photo: np.ndarray) -> attnviz.Picture:
    return attnviz.open_picture(photo, name="photo")


@pytest.fixture
def model(tiny_cnn: nn.Module) -> attnviz.VisionModel:
    return attnviz.wrap(tiny_cnn, SMALL, LABELS, name="tiny")


def counted(module: nn.Module) -> list[int]:
    """A list that grows by the batch of each forward pass."""
    passes: list[int] = []
    module.register_forward_hook(lambda _part, given, _out: passes.append(len(given[0])))
    return passes


class Patches(nn.Module):
    """A class for each colour: its score is where that colour stands, pooled. Made by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 3, 8, stride=8, bias=False), nn.ReLU())
        self.again = nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.ReLU())
        self.head = nn.Linear(3, 3, bias=False)
        eye = torch.eye(3)
        with torch.no_grad():
            self.block[0].weight.copy_(eye[:, :, None, None].expand(3, 3, 8, 8) / 64)
            self.again[0].weight.copy_(eye[:, :, None, None])
            self.head.weight.copy_(40 * eye)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.again(self.block(x)).mean((2, 3)))


@pytest.fixture
def patches() -> attnviz.VisionModel:
    raw = Preprocess(size=64, fit=Fit.SQUASH, mean=(0, 0, 0), std=(1, 1, 1))
    return attnviz.wrap(Patches().eval(), raw, ("red", "green", "blue"), name="patches")


@pytest.fixture
def two_patches() -> attnviz.Picture:
    """Black, 64 x 128; red at the left on two thirds of its height, blue at the right on half."""
    pixels = np.zeros((64, 128, 3), np.uint8)
    pixels[8:48, 16:48, 0] = 255
    pixels[24:56, 80:112, 2] = 255
    return attnviz.open_picture(pixels, name="patches")


@pytest.mark.parametrize(
    "method", ["grad-cam", "layer-cam", "hires-cam", "competition", "decision"]
)
def test_maps_equal_those_of_each_class_and_take_one_pass(
    model: attnviz.VisionModel, picture: attnviz.Picture, method: str
) -> None:
    expected = [attnviz.explain(model, picture, method, target=one) for one in LABELS]
    passes = counted(model.module)
    found = class_maps(model, picture, [0, "square", 2, 3], method)
    assert passes == [1]
    assert found.classes == (0, 1, 2, 3)
    assert found.layer == expected[0].best_layer
    for one, prediction, values in zip(expected, found.predictions, found.maps, strict=True):
        assert one.target is not None
        assert prediction.label == one.target.label
        assert prediction.probability == pytest.approx(one.target.probability, abs=1e-6)
        np.testing.assert_allclose(values, one.map_of(one.best_layer), rtol=1e-6)
    assert found.geometry == expected[0].geometry


@pytest.mark.parametrize("layer", ["features.2", FUSED])
def test_the_measured_layer_is_shown(
    model: attnviz.VisionModel, picture: attnviz.Picture, layer: str
) -> None:
    model.spec.answers["decision"] = RecommendedMap("grad-cam", layer)
    found = class_maps(model, picture, [2, 0])
    assert found.layer == layer
    for index, values in zip((2, 0), found.maps, strict=True):
        one = attnviz.explain(model, picture, "decision", target=index)
        assert one.best_layer == layer
        np.testing.assert_array_equal(values, one.map_of(layer))
        if layer == FUSED:
            np.testing.assert_array_equal(values, fuse_layers(one.maps))


@pytest.mark.parametrize("method", ["legrad", "chefer", "grad-cam"])
def test_tokens_do_as_well(picture: attnviz.Picture, method: str) -> None:
    torch.manual_seed(0)
    network = vit_small(4, width=32, depth=3, heads=2).eval()
    model = attnviz.wrap(network, Preprocess(size=64, multiple=8), LABELS)
    found = class_maps(model, picture, [3, 1], method)
    for index, values in zip((3, 1), found.maps, strict=True):
        one = attnviz.explain(model, picture, method, target=index)
        assert (
            found.layer
            == one.best_layer
            == ("blocks.1" if method == "grad-cam" else one.layers[-1])
        )
        np.testing.assert_allclose(values, one.map_of(one.best_layer), atol=1e-7)
    assert found.maps.max() > 0


def test_soft_masks_do_as_well(tiny_ran: nn.Module, picture: attnviz.Picture) -> None:
    model = attnviz.wrap(tiny_ran, SMALL, LABELS)
    found = class_maps(model, picture, [1, 3], "mask-gradient")
    for index, values in zip((1, 3), found.maps, strict=True):
        one = attnviz.explain(model, picture, "mask-gradient", target=index)
        np.testing.assert_array_equal(values, one.map_of(one.best_layer))


def test_methods_that_ask_again_and_again_are_asked_for_each_class(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    found = class_maps(model, picture, [2, 1], "ablation-cam")
    for index, values in zip((2, 1), found.maps, strict=True):
        one = attnviz.explain(model, picture, "ablation-cam", target=index)
        np.testing.assert_allclose(values, one.map_of(one.best_layer), atol=1e-7)
    likely = likely_maps(model, picture, 2, "ablation-cam")
    assert likely.classes == tuple(probabilities(model, picture).argsort()[::-1][:2])


def test_the_network_is_left_without_hooks_or_gradients(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    model.module.train()
    class_maps(model, picture, [0, 1])
    assert model.module.training
    assert all(not part._forward_hooks for part in model.module.modules())
    assert all(one.grad is None for one in model.module.parameters())
    assert torch.is_grad_enabled()


def test_likely_maps_are_those_of_the_most_probable_classes(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    chances = probabilities(model, picture)
    assert float(chances.sum()) == pytest.approx(1, abs=1e-5)
    found = likely_maps(model, picture, 3)
    assert found.classes == tuple(chances.argsort()[::-1][:3])
    np.testing.assert_array_equal(found.maps, class_maps(model, picture, found.classes).maps)
    for index, said in zip(found.classes, found.predictions, strict=True):
        assert said.probability == pytest.approx(float(chances[index]), abs=1e-6)
    assert len(likely_maps(model, picture, 50).classes) == 4


def test_what_cannot_be_asked_is_said(model: attnviz.VisionModel, picture: attnviz.Picture) -> None:
    with pytest.raises(UnknownNameError, match="square"):
        class_maps(model, picture, ["squere"])
    with pytest.raises(UnknownClassError, match="classes 0 to 3"):
        class_maps(model, picture, [0, 4])
    with pytest.raises(MethodError, match="No class was named"):
        class_maps(model, picture, [])
    with pytest.raises(MethodError, match="same map for every class"):
        class_maps(model, picture, [0, 1], "eigen-cam")
    with pytest.raises(MethodError, match="is not evidence for a class"):
        class_maps(model, picture, [0, 1], "soft-mask")


def test_a_point_on_a_patch_finds_its_class(
    patches: attnviz.VisionModel, two_patches: attnviz.Picture
) -> None:
    maps = likely_maps(patches, two_patches, method="grad-cam")  # unsmoothed
    chances = dict(zip(maps.classes, (one.probability for one in maps.predictions), strict=True))
    assert chances[0] > chances[2] > chances[1]  # more red than blue, and no green
    at_red, at_blue = classes_at(maps, 0.25, 0.45), classes_at(maps, 0.75, 0.6)
    assert [one.label for one in at_red] == ["red"]
    assert [one.label for one in at_blue] == ["blue"]
    assert at_blue[0].relative == pytest.approx(1)
    assert at_blue[0].rank == pytest.approx(chances[2])
    assert classes_at(maps, 0.01, 0.01) == ()


def test_a_point_is_ranked_by_map_and_probability(
    patches: attnviz.VisionModel, two_patches: attnviz.Picture
) -> None:
    found = class_maps(patches, two_patches, [0, 2])
    values = np.zeros((2, 2, 2), np.float32)
    values[0] = [[1, 0], [0, 4]]
    values[1] = [[8, 0], [0, 2]]
    maps = type(found)(
        found.classes, found.predictions, values, found.geometry, found.choice, found.layer
    )
    likelier, other = (one.probability for one in found.predictions)
    first, second = sorted([0.25 * likelier, 1.0 * other], reverse=True)
    ranked = classes_at(maps, 0.25, 0.25)
    assert [one.rank for one in ranked] == pytest.approx([first, second])
    assert {one.label: one.relative for one in ranked} == pytest.approx({"red": 0.25, "blue": 1})
    (middle,) = [one for one in classes_at(maps, 0.5, 0.5) if one.label == "red"]
    assert middle.relative == pytest.approx((1 + 0 + 0 + 4) / 4 / 4)  # between four cells


def test_a_point_that_the_network_did_not_see_has_no_classes(
    patches: attnviz.VisionModel, two_patches: attnviz.Picture
) -> None:
    cropped = Preprocess(size=64, fit=Fit.CROP, mean=(0, 0, 0), std=(1, 1, 1))
    maps = likely_maps(attnviz.wrap(patches.module, cropped), two_patches)
    assert classes_at(maps, 0.05, 0.5) == ()
    assert classes_at(maps, 0.65, 0.6)


def test_difference_by_hand(patches: attnviz.VisionModel, two_patches: attnviz.Picture) -> None:
    found = class_maps(patches, two_patches, [0, 1, 2])
    values = np.asarray([[[3, 1], [0, 2]], [[1, 2], [0, -5]], [[0, 0], [1, 1.5]]], np.float32)
    maps = type(found)(
        found.classes, found.predictions, values, found.geometry, found.choice, found.layer
    )
    np.testing.assert_array_equal(difference(maps, 0, [1]), [[2, 0], [0, 2]])
    np.testing.assert_array_equal(difference(maps, 0, [1, 2]), [[2, 0], [0, 0.5]])
    np.testing.assert_array_equal(difference(maps, 1, [0]), [[0, 1], [0, 0]])
    with pytest.raises(MethodError, match="classes that differ"):
        difference(maps, 0, [0])
    with pytest.raises(MethodError, match="classes that differ"):
        difference(maps, 0, [])
    with pytest.raises(MethodError, match="no map of class 7"):
        difference(maps, 0, [7])


def test_finer_map_is_the_library_s_where_it_compares_the_same_class(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    """Its categories are ranks: 2 is the class whose score is second nearest to the target's."""
    import pytorch_grad_cam

    model.spec.answers["decision"] = RecommendedMap("grad-cam", "features.2")
    inputs, _ = SMALL.tensor(picture)
    network = model.module.eval()
    with torch.no_grad():
        scores = network(inputs)[0]
    wanted = int(scores.argmax())
    other = int((scores - scores[wanted]).abs().argsort()[2])
    found = finer_map(model, picture, wanted, [other])
    raw: list[np.ndarray] = []
    with pytorch_grad_cam.FinerCAM(network, [network.get_submodule("features.2")]) as library:
        compute = library.base_cam.get_cam_image

        def keeping(*given: object) -> object:
            raw.append(compute(*given))
            return raw[-1]

        library.base_cam.get_cam_image = keeping
        library(inputs.clone().requires_grad_(), comparison_categories=[2])
    assert found.layer == "features.2"
    assert found.classes == (wanted,)
    assert found.maps[0].max() > 0
    np.testing.assert_allclose(found.maps[0], np.maximum(raw[0][0], 0), rtol=1e-4, atol=1e-7)


def test_finer_map_by_hand(patches: attnviz.VisionModel, two_patches: attnviz.Picture) -> None:
    """With a linear head and one channel a class, what is left is the class's own channel."""
    both = class_maps(patches, two_patches, [0, 2], "grad-cam")
    found = finer_map(patches, two_patches, "red", ["blue"])
    np.testing.assert_allclose(found.maps[0], np.maximum(both.maps[0] - both.maps[1], 0), atol=1e-6)
    halved = finer_map(patches, two_patches, "red", ["blue"], strength=0.5)
    np.testing.assert_array_equal(halved.maps[0] > 0, both.maps[0] > 0)
    with pytest.raises(MethodError, match="classes that differ"):
        finer_map(patches, two_patches, "red", ["red"])


def test_finer_map_weighs_several_classes_by_probability(
    patches: attnviz.VisionModel, two_patches: attnviz.Picture
) -> None:
    chances = probabilities(patches, two_patches)
    weights = chances[[1, 2]] / chances[[1, 2]].sum()
    red, green, blue = class_maps(patches, two_patches, [0, 1, 2], "grad-cam").maps
    found = finer_map(patches, two_patches, 0, [1, 2])
    expected = np.maximum(red - weights[0] * green - weights[1] * blue, 0)
    np.testing.assert_allclose(found.maps[0], expected, rtol=1e-4, atol=1e-6)
