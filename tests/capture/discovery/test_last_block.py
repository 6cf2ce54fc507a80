"""Which blocks have a say at their places: by the gradient, found once, for rows of tokens only."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.discovery.last_block import influential_blocks
from attnviz.capture.site import Kind
from tests.capture.families import CONTEXT, FAMILIES


def said(module: nn.Module, inputs: torch.Tensor) -> list[str]:
    sites = find_sites(module, Kind.FEATURES, inputs)
    return [site.layer for site in influential_blocks(module, sites, inputs)]


def settled(name: str) -> nn.Module:
    """The family's network, its head no longer of zeros as torchvision and timm begin it."""
    module = CONTEXT[name].make()
    random = torch.Generator().manual_seed(2)
    for weight in module.parameters():
        if not weight.any():
            nn.init.normal_(weight, std=0.1, generator=random)
    return module


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("timm ViT", "blocks.0"),  # of two; the class token alone is read behind blocks.1
        ("torchvision ViT", "encoder.layers.encoder_layer_0"),
        ("vit-small", "blocks.1"),  # of three
        ("Hugging Face ViT", "vit.layers.0"),
        ("timm CaiT", "blocks.1"),  # the class token joins behind the last of two
        ("timm SigLIP", "blocks.1"),  # attention pools the tokens of the last
    ],
)
def test_the_last_block_with_a_say(name: str, last: str) -> None:
    assert said(settled(name), CONTEXT[name].inputs(1))[-1] == last


def test_maps_are_not_asked(tiny_cnn: nn.Module) -> None:
    """A class that nothing speaks for has a flat map in a network of convolutions, and says so."""
    inputs = torch.zeros(1, 3, 64, 96)
    sites = find_sites(tiny_cnn, Kind.FEATURES, inputs)
    passes: list[object] = []
    tiny_cnn.register_forward_hook(lambda *_: passes.append(1))
    assert influential_blocks(tiny_cnn, sites, inputs) == sites
    assert not passes


def test_another_size_is_not_asked_again() -> None:
    module, inputs = settled("vit-small"), CONTEXT["vit-small"].inputs(1)
    other = inputs.transpose(2, 3).contiguous()
    expected = said(settled("vit-small"), other)
    assert said(module, inputs) == expected
    sites = find_sites(module, Kind.FEATURES, other)
    passes: list[object] = []
    module.register_forward_hook(lambda *_: passes.append(1))
    assert [site.layer for site in influential_blocks(module, sites, other)] == expected
    assert len(expected) < len(sites)
    assert not passes


def test_it_is_found_once_and_asked_again_where_nothing_was_found() -> None:
    module, inputs = settled("timm ViT"), FAMILIES["timm ViT"].inputs(1)
    weight = module.head.weight.detach().clone()
    with torch.no_grad():
        module.head.weight.zero_()
    assert said(module, inputs) == ["patch_embed", "blocks.0", "blocks.1"]
    with torch.no_grad():
        module.head.weight.copy_(weight)
    assert said(module, inputs) == ["patch_embed", "blocks.0"]
    passes: list[object] = []
    module.register_forward_hook(lambda *_: passes.append(1))
    assert said(module, inputs) == ["patch_embed", "blocks.0"]
    assert not passes
