"""Blocks are found by what one pass shows, in networks of every build."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.models import get_model

from attnviz.capture.discovery.blocks import find_blocks
from attnviz.capture.run import capture
from attnviz.capture.site import Layout, Site
from attnviz.errors import NoSitesError


def found(name: str, size: tuple[int, int] = (224, 224)) -> tuple[Site, ...]:
    torch.manual_seed(0)
    return find_blocks(get_model(name, weights=None), torch.randn(1, 3, *size))


def test_resnet50_has_its_stem_and_sixteen_bottlenecks() -> None:
    layers = [site.layer for site in found("resnet50", (64, 96))]
    bottlenecks = [
        f"layer{stage}.{block}"
        for stage, count in enumerate((3, 4, 6, 3), 1)
        for block in range(count)
    ]
    assert layers == ["relu", *bottlenecks]


def test_plain_layers_are_grouped_up_to_the_next_convolution() -> None:
    layers = [site.layer for site in found("vgg11", (64, 64))]
    assert layers == [f"features.{n}" for n in (1, 4, 7, 9, 12, 14, 17, 19)]


def test_a_chain_of_one_block_gives_it_its_name() -> None:
    layers = [site.layer for site in found("mobilenet_v2", (96, 64))]
    assert layers == [f"features.{n}" for n in range(19)]


def test_swin_is_channels_last_and_vit_a_row_of_tokens() -> None:
    assert {site.layout for site in found("swin_t")} == {Layout.CHANNELS_LAST}
    vit = found("vit_b_32")
    assert [site.layout for site in vit] == [Layout.CHANNELS_FIRST] + [Layout.TOKENS] * 12
    assert {site.stride for site in vit[1:]} == {(32, 32)}


class Backbone(nn.Module):
    """A network inside a network, with blocks in a ModuleList that is never called itself."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(3 if n == 0 else 6, 6, 3, stride=2, padding=1), nn.ReLU())
            for n in range(3)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return x


class Wrapped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.head = nn.Linear(6, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(x).mean((2, 3)))


def test_a_backbone_inside_a_wrapper_is_looked_into() -> None:
    sites = find_blocks(Wrapped(), torch.randn(1, 3, 64, 64))
    assert [site.layer for site in sites] == [f"backbone.blocks.{n}" for n in range(3)]


def test_an_output_that_is_overwritten_later_is_read_as_it_was(tiny_cnn: nn.Module) -> None:
    """The last convolution's output passes an in-place ReLU outside any module."""
    sites = find_blocks(tiny_cnn, torch.randn(1, 3, 32, 32))
    assert [site.overwritten for site in sites] == [False, False, True]
    trace = capture(tiny_cnn, torch.randn(1, 3, 32, 32), sites, gradients=True)
    assert float(trace.features[-1].activation.min()) < 0


def test_tokens_come_back_to_their_places() -> None:
    """A ViT's patch tokens as a map: the cell of the only bright patch differs most."""
    torch.manual_seed(0)
    vit = get_model("vit_b_32", weights=None).eval()
    sites = find_blocks(vit, torch.zeros(1, 3, 224, 224))[1:2]
    dark, bright = torch.zeros(1, 3, 224, 224), torch.zeros(1, 3, 224, 224)
    bright[:, :, 32 * 2 : 32 * 3, 32 * 5 : 32 * 6] = 3.0
    grids = [capture(vit, x, sites).features[0].activation for x in (dark, bright)]
    change = (grids[1] - grids[0]).norm(dim=1)[0]
    assert change.shape == (7, 7)
    assert divmod(int(change.argmax()), 7) == (2, 5)


def test_a_network_without_feature_maps_is_refused_with_a_sentence() -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))
    with pytest.raises(NoSitesError, match="No layer of Sequential returns a feature map"):
        find_blocks(flat, torch.zeros(1, 3, 8, 8))


def test_blocks_are_found_also_inside_inference_mode(tiny_cnn: nn.Module) -> None:
    with torch.inference_mode():
        sites = find_blocks(tiny_cnn, torch.zeros(1, 3, 32, 32))
    assert len(sites) == 3
