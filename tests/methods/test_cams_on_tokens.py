"""The CAM family on rows of tokens: oblong, with a class token and registers that stay out."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.methods import METHODS


@pytest.fixture
def vit() -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model(
        "vit_tiny_patch16_224", pretrained=False, num_classes=4, img_size=(32, 48), patch_size=8,
        embed_dim=16, depth=3, num_heads=2, reg_tokens=4,
    ).eval()  # fmt: skip


def by_hand(vit: nn.Module, inputs: Tensor, block: int, target: int) -> tuple[Tensor, Tensor]:
    """Activation and gradient of a block's patches, [1, C, 4, 6]."""
    kept: list[Tensor] = []
    handle = vit.blocks[block].register_forward_hook(lambda _part, _given, out: kept.append(out))
    score = vit(inputs)[0, target]
    handle.remove()
    (gradient,) = torch.autograd.grad(score, kept[0])
    patches = [one[:, 5:].transpose(1, 2).reshape(1, -1, 4, 6) for one in (kept[0], gradient)]
    return patches[0].detach(), patches[1]


@pytest.mark.parametrize("block", [0, 1])  # the last one has no gradient at its patches
def test_on_tokens_as_on_maps(vit: nn.Module, block: int) -> None:
    inputs = torch.randn(1, 3, 32, 48)
    sites = find_sites(vit, Kind.FEATURES, inputs)
    trace = capture(vit, inputs, sites, gradients=True, target=2)
    activation, gradient = by_hand(vit, inputs, block, 2)
    expected = {
        "grad-cam": (gradient.mean((2, 3), keepdim=True) * activation).sum(1).relu(),
        "hires-cam": (gradient * activation).sum(1).relu(),
        "layer-cam": (gradient.relu() * activation).sum(1).relu(),
    }
    for name, other in expected.items():
        own = {one.layer: one.values for one in METHODS.get(name)()(trace)}[f"blocks.{block}"]
        assert other.max() > 0
        np.testing.assert_allclose(own, other.numpy(), rtol=1e-4, atol=1e-6 * float(other.max()))


def test_a_token_is_its_place(vit: nn.Module) -> None:
    """Features raised at the token of row 1, column 4 come out there."""
    cell = 5 + 1 * 6 + 4

    def raised(_part: nn.Module, _given: tuple[Tensor, ...], out: Tensor) -> Tensor:
        out = out.clone()
        out[:, cell] = 50
        return out

    inputs = torch.randn(1, 3, 32, 48)
    sites = find_sites(vit, Kind.FEATURES, inputs)
    vit.blocks[1].register_forward_hook(raised)
    reading = next(one for one in capture(vit, inputs, sites).features if one.layer == "blocks.1")
    length = reading.activation[0].abs().sum(0)
    assert np.unravel_index(int(length.argmax()), length.shape) == (1, 4)
