"""Masks with a value for each channel at each place, and products that only look like one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from timm.layers import GatherExcite
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.readings import SoftMaskReading
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from tests.capture.bam import Bam, Joined, Net, code, paper


def made(middle: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    net = Net(middle)
    for weight in net.parameters():
        nn.init.normal_(weight, std=0.4)
    return net.eval()


def inputs() -> Tensor:
    return torch.randn(2, 3, 32, 48, generator=torch.Generator().manual_seed(1))


def read(net: nn.Module) -> SoftMaskReading:
    sites = find_sites(net, Kind.SPATIAL, inputs()[:1])
    assert [site.layer for site in sites] == ["middle"]
    assert not find_sites(net, Kind.CHANNEL, inputs()[:1])
    trace = capture(net, inputs(), sites, gradients=True, target=2)
    with torch.no_grad():
        assert torch.equal(trace.logits, net(inputs()))
    return trace.soft_masks[0]


@pytest.mark.parametrize("joined", [paper, code])
def test_the_joint_map_of_bam_is_a_mask_with_its_channels(joined: Joined) -> None:
    """F' = (1 + M) F: M is the mask, and F both what is weighed and what it is added to."""
    net = made(Bam(16, joined))
    reading = read(net)
    features = net.stem(inputs()).detach()
    expected = joined(*net.middle.parts(features)).detach()
    assert reading.mask.shape == (2, 16, 8, 12)
    assert float(expected.std((2, 3)).min()) > 1e-4
    torch.testing.assert_close(reading.mask, expected, atol=1e-6, rtol=0)
    assert torch.equal(reading.trunk, features)
    assert reading.base is not None
    assert torch.equal(reading.base, features)


def test_the_gradient_of_a_joint_map_is_that_of_each_value() -> None:
    """Against the graph that the network builds itself, begun at the mask."""
    net = made(Bam(16, paper)).requires_grad_(False)
    slope = read(net).mask_gradient
    features = net.stem(inputs())
    mask = net.middle.joined(*net.middle.parts(features)).requires_grad_()
    score = net.head(net.rest((1 + mask) * features).mean((2, 3)))[:, 2].sum()
    (expected,) = torch.autograd.grad(score, mask)
    assert slope is not None
    assert float(expected.abs().max()) > 0
    torch.testing.assert_close(slope, expected, atol=1e-6, rtol=1e-5)


# timm 1.0.31 cannot build the module with its MLP: it hands on `*dd` where `**dd` is meant.
@pytest.mark.parametrize("extent", [2, 4])
def test_gather_excite_over_an_extent_is_a_mask_with_its_channels(extent: int) -> None:
    """arXiv 1810.12348 without parameters: the mean of a neighbourhood decides on each place."""
    net = made(GatherExcite(16, extent=extent, use_mlp=False))
    features = net.stem(inputs()).detach()
    side = 2 * extent - 1
    gathered = F.avg_pool2d(features, side, extent, side // 2, count_include_pad=False)
    expected = F.interpolate(gathered, features.shape[-2:]).sigmoid()
    reading = read(net)
    torch.testing.assert_close(reading.mask, expected, atol=1e-6, rtol=0)
    assert reading.base is None


def test_gather_excite_over_the_whole_map_is_a_gate() -> None:
    net = made(GatherExcite(16, use_mlp=False))
    sites = find_sites(net, Kind.CHANNEL, inputs()[:1])
    gate = capture(net, inputs(), sites).gates[0].gate
    expected = net.stem(inputs()).mean((2, 3)).sigmoid().detach()
    torch.testing.assert_close(gate, expected, atol=1e-6, rtol=0)


class Written(nn.Module):
    """A function written out as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def in_place(x: Tensor) -> Tensor:
    x = x + 0
    return x.mul_(x.roll(1, 1).sigmoid())


def test_a_product_in_place_is_read_with_what_was_weighed() -> None:
    net = made(Written(in_place))
    reading, features = read(net), net.stem(inputs()).detach()
    assert torch.equal(reading.trunk, features)
    assert torch.equal(reading.mask, features.roll(1, 1).sigmoid())


def patches(x: Tensor) -> Tensor:
    """Pixels by patches of 2 x 2, each row shared out by itself: the layout of MobileViT-v2."""
    count, channels, rows, columns = x.shape
    x = x.view(count, channels, rows // 2, 2, columns // 2, 2).permute(0, 1, 3, 5, 2, 4)
    x = x.reshape(count, channels, 4, -1)
    return (x * x[:, :1].softmax(-1)).reshape(count, channels, rows, columns)


NO_ATTENTION = {
    "swish": lambda x: x * x.sigmoid(),
    "swish, factor first": lambda x: torch.sigmoid(1.7 * x) * x,
    "hard swish": lambda x: x * F.hardsigmoid(x),
    "square": lambda x: x * x,
    "unit length at each place": lambda x: (
        x * torch.rsqrt((1 + 9 * x.square()).sum(1, keepdim=True))
    ),
    "layer norm": lambda x: x * torch.rsqrt(x.square().sum(1, keepdim=True) + 1),
    "rectified and small": lambda x: x * (0.01 * (x.roll(1, 1) - 0.1)).relu(),
    "pixels by patches": patches,
    "unbounded": lambda x: x * (3 * x.roll(1, 1)),
}


@pytest.mark.parametrize("name", NO_ATTENTION)
def test_what_only_looks_like_a_mask_is_none(name: str) -> None:
    net = made(Written(partial(NO_ATTENTION[name])))
    assert find_sites(net, Kind.SPATIAL, inputs()[:1]) == ()
