"""Blocks that return their output in a tuple, as Hugging Face's do, are explained as others are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.capture.discovery.blocks import find_blocks
from attnviz.capture.run import capture
from attnviz.capture.site import Layout
from attnviz.errors import ModelError
from attnviz.methods import METHODS, Inference
from attnviz.methods.pytorch_grad_cam.cams import LibraryCam
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture

LIBRARY = [method.name for method in METHODS if issubclass(method, LibraryCam)]
LABELS = [f"class {n}" for n in range(5)]


class Block(nn.Module):
    """Its output is a sum that no module returns by itself."""

    def __init__(self, entering: int, channels: int, *, wrapped: bool) -> None:
        super().__init__()
        self.down = nn.Conv2d(entering, channels, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.mix = nn.Conv2d(channels, channels, 1)
        self.wrapped = wrapped

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, None]:
        x = self.norm(self.down(x))
        x = x + nn.functional.softplus(self.mix(x))
        return (x, None) if self.wrapped else x


class Network(nn.Module):
    def __init__(self, *, wrapped: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.blocks = nn.ModuleList(
            Block(entering, channels, wrapped=wrapped) for entering, channels in ((3, 6), (6, 8))
        )
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            out = block(x)
            x = out[0] if isinstance(out, tuple) else out
        return self.head(x.mean((2, 3)))


@pytest.fixture
def inputs() -> Tensor:
    return torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(1))


def test_the_blocks_and_not_what_is_in_them_are_found(inputs: Tensor) -> None:
    sites = find_blocks(Network(wrapped=True).eval(), inputs)
    assert [(site.layer, site.wrapped) for site in sites] == [
        ("blocks.0", True),
        ("blocks.1", True),
    ]


@pytest.mark.parametrize("name", ["grad-cam", "layer-cam", "competition"])
def test_own_maps_are_those_of_the_network_without_tuples(name: str, inputs: Tensor) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    expected, found = (
        attnviz.explain(
            attnviz.wrap(Network(wrapped=wrapped).eval(), Preprocess(32), LABELS),
            Picture(pixels, "", ""),
            name,
            target=2,
        )
        for wrapped in (False, True)
    )
    assert found.layers == expected.layers
    for one, other in zip(found.maps, expected.maps, strict=True):
        assert float(np.ptp(other)) > 0
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_librarys_maps_are_too(name: str, dtype: torch.dtype, inputs: Tensor) -> None:
    method = METHODS.get(name)()
    assert isinstance(method, LibraryCam)
    plain, wrapped = (Network(wrapped=wrapped).eval().to(dtype) for wrapped in (False, True))
    expected, found = (method.run(Inference.of(one, inputs, 2)) for one in (plain, wrapped))
    assert [one.layer for one in found.layer_maps] == [one.layer for one in expected.layer_maps]
    for one, other in zip(found.layer_maps, expected.layer_maps, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
    torch.testing.assert_close(found.logits, expected.logits, rtol=0, atol=0)
    assert not any(part._forward_hooks for part in wrapped.modules())


def test_swin_of_hugging_face_is_read_in_all_its_stages() -> None:
    """Grad-CAM by hand, from the states that the network itself gives out; an oblong input."""
    from transformers import SwinConfig, SwinForImageClassification

    torch.manual_seed(0)
    config = SwinConfig(
        image_size=48, patch_size=4, embed_dim=16, depths=[1, 2, 1], num_heads=[2, 2, 4],
        window_size=3, num_labels=5,
    )  # fmt: skip
    module = SwinForImageClassification(config).eval()
    inputs = torch.randn(1, 3, 44, 72)  # 11 x 18 tokens, merged to 6 x 9 and to 3 x 5
    sites = find_blocks(module, inputs)
    read = capture(module, inputs, sites).features
    layers = {one.layer.removeprefix("swin."): tuple(one.activation.shape[2:]) for one in read}
    assert layers == {
        "embeddings": (11, 18),
        "encoder.layers.0.blocks.0": (11, 18),
        "encoder.layers.0.downsample": (6, 9),
        "encoder.layers.1.blocks.0": (6, 9),
        "encoder.layers.1.blocks.1": (6, 9),
        "encoder.layers.1.downsample": (3, 5),
        "encoder.layers.2.blocks.0": (3, 5),
    }
    out = module(inputs, output_hidden_states=True)
    states = out.hidden_states[1:]  # after each stage's merging, of the last after its blocks
    slopes = torch.autograd.grad(out.logits[0, 3], states)
    trace = capture(module, inputs, sites, gradients=True, target=3)
    found = {one.layer.removeprefix("swin.encoder."): one for one in trace.features}
    for state, slope, layer, grid in zip(
        states, slopes,
        ("layers.0.downsample", "layers.1.downsample", "layers.2.blocks.0"),
        ((6, 9), (3, 5), (3, 5)), strict=True,
    ):  # fmt: skip
        one = found[layer]
        shaped = (part.transpose(1, 2).reshape(1, -1, *grid) for part in (state, slope))
        expected, derivative = shaped
        torch.testing.assert_close(one.activation, expected.detach(), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(one.gradient, derivative, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("first", [(62, 64), (64, 64), (64, 96)])
def test_tokens_of_a_padded_picture_lie_where_the_network_has_them(first: tuple[int, int]) -> None:
    """The network pads 62 rows to 64, whichever size its blocks were found at."""
    from transformers import SwinConfig, SwinForImageClassification

    torch.manual_seed(0)
    config = SwinConfig(
        image_size=64, patch_size=4, embed_dim=16, depths=[1, 1], num_heads=[2, 2],
        window_size=4, num_labels=5,
    )  # fmt: skip
    module = SwinForImageClassification(config).eval()
    sites = find_blocks(module, torch.zeros(1, 3, *first))
    inputs = torch.randn(1, 3, 62, 64)
    read = {one.layer: one.activation for one in capture(module, inputs, sites).features}
    with torch.no_grad():
        expected = module(inputs, output_hidden_states=True).reshaped_hidden_states[0]
    assert expected.shape[2:] == (16, 16)
    torch.testing.assert_close(read["swin.embeddings"], expected, rtol=1e-5, atol=1e-6)


def test_tokens_that_lie_on_no_known_grid_are_refused() -> None:
    site = find_blocks(Network(wrapped=False).eval(), torch.zeros(1, 3, 64, 64))[0]
    tokens = replace(site, layout=Layout.TOKENS, stride=(16, 16), merged=2, prefix=1)
    assert tokens.token_grid((64, 96), 7) == (2, 3)
    assert tokens.token_grid((60, 90), 7) == (2, 3)  # padded to 4 x 6 before they are merged
    assert tokens.token_grid((52, 84), 7) == (2, 3)  # cut to 3 x 5, and 2 x 3 merged
    with pytest.raises(ModelError, match=r"blocks\.0 returns 9 tokens for an input of 64 x 96"):
        tokens.token_grid((64, 96), 9)
