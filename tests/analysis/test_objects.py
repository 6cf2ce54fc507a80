"""Objects of a picture by a network's features, in the picture's own pixels."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from torch import nn

import attnviz
from attnviz.analysis.explain import explain
from attnviz.analysis.features import features
from attnviz.analysis.objects import objects
from attnviz.methods.inference import Inference
from attnviz.methods.normalised_cut import NormalisedCut
from attnviz.metrics.normalised_cut import CutSettings, cut_objects
from attnviz.metrics.patch_likeness import carried_on, cosines_of
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.geometry import Fit
from attnviz.types import Pixels


class Patches(nn.Module):
    """The mean colour of each 8 x 8 patch, less grey; it names no classes."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 3, 8, stride=8)
        self.patches.weight.data = torch.eye(3)[:, :, None, None].expand(3, 3, 8, 8) / 64
        self.patches.bias.data.fill_(-0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.patches(x).mean((2, 3))


def model_of(fit: Fit = Fit.WHOLE, size: int = 64) -> VisionModel:
    plain = Preprocess(size=size, multiple=8, mean=(0, 0, 0), std=(1, 1, 1), fit=fit)
    return wrap(Patches(), plain, name="patches", scores="none")


def scene(height: int = 64, width: int = 96) -> Pixels:
    """Blue, with a red thing in the rows 16 to 40 and the columns 24 to 56."""
    pixels = np.full((height, width, 3), (20, 40, 200), np.uint8)
    pixels[16:40, 24:56] = (220, 30, 20)
    return pixels


def test_the_box_lies_on_the_thing() -> None:
    (found,) = attnviz.objects(model_of(), open_picture(scene()), count=1).objects
    assert found.box == (24, 16, 56, 40)
    assert found.mask.sum() == 3 * 4
    assert found.mask[2:5, 3:7].all()


def test_in_a_mirrored_picture_it_is_mirrored() -> None:
    mirrored = np.ascontiguousarray(scene()[:, ::-1])
    (found,) = objects(model_of(), open_picture(mirrored), count=1).objects
    assert found.box == (96 - 56, 16, 96 - 24, 40)


def test_boxes_are_in_pixels_of_the_picture_whatever_the_input() -> None:
    large = scene().repeat(3, 0).repeat(3, 1)
    (found,) = objects(model_of(), open_picture(large), count=1).objects
    np.testing.assert_allclose(found.box, [72, 48, 168, 120])
    (squashed,) = objects(model_of(Fit.SQUASH, 96), open_picture(scene()), count=1).objects
    np.testing.assert_allclose(squashed.box, [24, 16, 56, 40], atol=8)


def test_what_is_cropped_away_has_no_box() -> None:
    """The centre of 64 x 96 is 64 x 64 from column 16 on."""
    cropped = model_of(Fit.CROP)
    (found,) = objects(cropped, open_picture(scene()), count=1).objects
    assert found.box == (24, 16, 56, 40)


def test_an_even_picture_has_no_objects() -> None:
    even = open_picture(np.full((64, 64, 3), (20, 40, 200), np.uint8))
    assert objects(model_of(), even).objects == ()
    assert all(not one.any() for one in explain(model_of(), even, "normalised-cut").maps)


def test_two_things_are_two_objects() -> None:
    pixels = scene()
    pixels[48:64, 72:96] = (30, 220, 40)
    found = objects(model_of(), open_picture(pixels), count=2).objects
    assert {one.box for one in found} == {(24, 16, 56, 40), (72, 48, 96, 64)}


def test_a_network_without_classes_and_attention_is_shown_by_its_objects() -> None:
    result = explain(model_of(), open_picture(scene()))
    assert result.method == "normalised-cut"
    assert result.best_layer == "object 1"
    assert result.predictions == ()
    assert result.maps[0][2:5, 3:7].tolist() == [[1.0] * 4] * 3
    assert result.maps[0].sum() == 3 * 4
    assert result.focus().values[28, 40] == 1
    assert result.focus().values[4, 4] == 0


@pytest.fixture
def noise() -> Picture:
    return open_picture(np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))


def test_attention_and_features_of_one_pass(noise: Picture) -> None:
    """The same as cutting the features by the attention that other calls return."""
    torch.manual_seed(0)
    vit = timm.create_model(
        "vit_tiny_patch16_224", pretrained=False, num_classes=0, img_size=(48, 64), patch_size=8,
        embed_dim=16, depth=3, num_heads=2,
    )  # fmt: skip
    model = wrap(vit.eval(), Preprocess(size=48, multiple=8), scores="none")
    attention = explain(model, noise, "head-consensus").maps[-1]
    values = features(model, noise).values
    expected = cut_objects(values, attention, CutSettings(count=2))
    found = objects(model, noise, 2).objects
    assert len(expected) > 0
    np.testing.assert_array_equal([one.mask for one in found], expected)
    shown = explain(model, noise)
    assert shown.method == "carried-attention"
    np.testing.assert_allclose(
        shown.maps[-1], carried_on(attention, cosines_of(values)), rtol=1e-3, atol=1e-6
    )


def test_grids_of_too_many_patches_are_averaged() -> None:
    pixels = scene(64, 96).repeat(8, 0).repeat(8, 1)
    model = model_of(size=512)  # 64 x 96 = 6,144 patches
    (found,) = objects(model, open_picture(pixels), count=1).objects
    assert found.mask.size <= 1500
    cell = 512 / found.mask.shape[0]
    np.testing.assert_allclose(found.box, np.asarray([24, 16, 56, 40]) * 8, atol=cell)


def test_pictures_of_a_batch_do_not_touch() -> None:
    inputs = torch.stack(
        [torch.from_numpy(one.copy()).permute(2, 0, 1) / 255 for one in (scene(), scene()[::-1])]
    )
    network = Patches().eval()
    together = NormalisedCut().run(Inference.of(network, inputs)).layer_maps[0].values
    alone = NormalisedCut().run(Inference.of(network, inputs[1:])).layer_maps[0].values
    np.testing.assert_array_equal(together[1:], alone)
    np.testing.assert_array_equal(together[0][::-1], alone[0])
