"""Blocks of odd layouts under the methods of pytorch-grad-cam: tokens, views, in-place layers."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import pytorch_grad_cam as library
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from attnviz.errors import MethodError, UnknownClassError
from attnviz.methods import METHODS, Inference
from attnviz.models.zoo.vit_small import vit_small
from attnviz.types import FloatArray
from tests.methods.pytorch_grad_cam.test_cams import NAMES, made

NO_TOKENS = ("shapley-cam", "fullgrad", "sess")


class Turned(nn.Module):
    """A block that returns a view."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(6, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).transpose(2, 3)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_blocks_that_return_views(plain: nn.Module) -> None:
    plain.body[3] = Turned()
    found = made("shapley-cam").run(Inference.of(plain, torch.randn(1, 3, 32, 32)))
    gc.collect()
    assert found.layer_maps[0].values.shape == (1, 16, 16)


def test_in_place_layers_do_not_change_what_is_read(tiny_cnn: nn.Module, inputs: Tensor) -> None:
    """FEM of the last block, which a ReLU overwrites: its values are those before the ReLU."""
    tiny_cnn.eval()
    values = made("fem").run(Inference.of(tiny_cnn, inputs)).layer_maps[-1].values
    features = tiny_cnn.features(inputs).detach().numpy()
    limit = features.mean((2, 3)) + 2 * features.std((2, 3))
    weights = (features > limit[..., None, None]).mean((2, 3))
    expected = np.maximum((weights[..., None, None] * features).sum(1), 0)
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_TOKENS])
def test_tokens_need_no_reshape_function(name: str, vit: nn.Module, inputs: Tensor) -> None:
    """And no map is flat: the last block has no gradient where the class token alone is read."""
    found = made(name).run(Inference.of(vit, inputs, 1))
    for one in found.layer_maps:
        assert one.values.shape[1:] in ((4, 6), (32, 48))
        assert np.isfinite(one.values).all()
        assert one.values.max() > 0
    if not METHODS.get(name).gradients:
        assert found.layer_maps[-1].layer == "blocks.1"


def by_library(network: nn.Module, blocks: list[nn.Module], inputs: Tensor) -> FloatArray:
    """RefineCAM of class 1 at blocks of 4 x 6 tokens, also behind a class token."""

    def to_maps(value: Tensor) -> Tensor:
        return value[:, -24:].transpose(1, 2).reshape(len(value), -1, 4, 6)

    cam = library.RefineCAM(network, blocks, to_maps)
    found: FloatArray = cam(inputs, [ClassifierOutputTarget(1)])
    return found


def test_a_product_over_layers_leaves_out_maps_of_another_layout(
    vit: nn.Module, inputs: Tensor
) -> None:
    """vit-small begins with convolutions, and its tokens are not laid out as their maps are."""
    torch.manual_seed(2)
    small = vit_small(4, width=16, depth=3, heads=2).eval()
    for network, blocks in (
        (vit, [vit.patch_embed, vit.blocks[0]]),
        (small, [small.blocks[0], small.blocks[1]]),
    ):
        found = made("refine-cam").run(Inference.of(network, inputs, 1)).layer_maps[0].values
        expected = by_library(network, blocks, inputs)
        assert found.max() > 0
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_what_does_not_fit_is_said(plain: nn.Module, vit: nn.Module, inputs: Tensor) -> None:
    with pytest.raises(MethodError, match="Shapley-CAM does not work on tokens"):
        made("shapley-cam").run(Inference.of(vit, inputs))
    with pytest.raises(UnknownClassError, match="classes 0 to 4"):
        made("score-cam").run(Inference.of(plain, inputs, 5))
    with pytest.raises(MethodError, match="blocks is -1"):
        made("eigen-cam", blocks=-1).run(Inference.of(plain, inputs))
    with pytest.raises(MethodError, match=r"SESS.* failed on VisionTransformer.*another method"):
        made("sess").run(
            Inference.of(vit, inputs)
        )  # its windows are square, and this network takes 32 x 48
