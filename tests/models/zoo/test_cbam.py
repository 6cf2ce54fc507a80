"""CBAM's gates against a recomputation from the weights, and the network that uses them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attnviz.models.zoo.cbam import Cbam, ChannelGate, SpatialGate
from attnviz.models.zoo.cbam_small import cbam_small
from attnviz.models.zoo.conv_layers import ResidualBlock, downsample


def features(*shape: int) -> Tensor:
    torch.manual_seed(3)
    return torch.randn(*shape)


def channel_factors(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """The paper's formula (2), one picture and one channel after the other."""
    down, low = weights["mlp.0.weight"], weights["mlp.0.bias"]
    up, high = weights["mlp.2.weight"], weights["mlp.2.bias"]

    def scores(described: Tensor) -> Tensor:
        return up @ (down @ described + low).clamp_min(0) + high

    return torch.stack(
        [
            torch.sigmoid(scores(one.flatten(1).mean(1)) + scores(one.flatten(1).max(1).values))
            for one in x
        ]
    )


def spatial_factors(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """Formula (3) as a sum over the window, on a picture with a border of zeros."""
    kernel, bias = weights["conv.weight"][0], weights["conv.bias"]
    margin = kernel.shape[-1] // 2
    described = F.pad(torch.stack([x.mean(1), x.max(1).values], 1), [margin] * 4)
    windows = described.unfold(2, kernel.shape[-1], 1).unfold(3, kernel.shape[-1], 1)
    return torch.sigmoid((windows * kernel[:, None, None]).sum((1, 4, 5)) + bias)


@torch.no_grad()
def test_gates_are_the_papers_formulas() -> None:
    x = features(2, 32, 9, 6)
    channel, spatial = ChannelGate(32), SpatialGate()
    wanted = channel_factors(channel.state_dict(), x)
    torch.testing.assert_close(channel(x), wanted[:, :, None, None])
    wanted = spatial_factors(spatial.state_dict(), x)
    torch.testing.assert_close(spatial(x), wanted[:, None])


@torch.no_grad()
def test_the_second_gate_sees_what_the_first_lets_through() -> None:
    x = features(2, 32, 5, 7)
    block = Cbam(32)
    through = x * channel_factors(block.channel.state_dict(), x)[:, :, None, None]
    wanted = through * spatial_factors(block.spatial.state_dict(), through)[:, None]
    torch.testing.assert_close(block(x), wanted)


@torch.no_grad()
def test_gates_that_know_nothing_let_a_quarter_through() -> None:
    block = Cbam(16)
    for weight in block.parameters():
        weight.zero_()
    x = features(1, 16, 4, 4)
    torch.testing.assert_close(block(x), x / 4)


def test_gates_have_the_papers_sizes() -> None:
    """Two matrices of C x C / 16 with offsets, and 2 x 7 x 7 + 1 weights."""
    count = sum(weight.numel() for weight in Cbam(64).parameters())
    assert count == 64 * 4 + 4 + 4 * 64 + 64 + 2 * 49 + 1
    assert ChannelGate(8)(features(1, 8, 2, 2)).shape == (1, 8, 1, 1)  # fewer channels than 16


@torch.no_grad()
def test_a_block_adds_its_gated_branch_and_nothing_negative() -> None:
    block = ResidualBlock(16, Cbam(16)).eval()
    x = features(2, 16, 6, 6)
    torch.testing.assert_close(block(x), x + block.gate(block.body(x)))
    assert float((block(x) - x).min()) >= -1e-6
    assert isinstance(ResidualBlock(16).gate, nn.Identity)


@pytest.mark.parametrize(("size", "half"), [((8, 12), (4, 6)), ((7, 13), (3, 6))])
def test_halving_rounds_down(size: tuple[int, int], half: tuple[int, int]) -> None:
    assert downsample(3, 4)(features(2, 3, *size)).shape == (2, 4, *half)


@torch.no_grad()
def test_halving_counts_every_position_alike() -> None:
    """A constant kernel spreads a constant gradient, border aside."""
    x = torch.ones(1, 1, 12, 12, requires_grad=True)
    with torch.enable_grad():
        conv = downsample(1, 1)[0]
        nn.init.ones_(conv.weight)
        conv(x).sum().backward()
    assert x.grad is not None
    assert x.grad[0, 0, 1:-1, 1:-1].unique().tolist() == [4.0]


def tiny() -> nn.Module:
    torch.manual_seed(0)
    return cbam_small(3, width=16).eval()


@torch.no_grad()
def test_a_picture_s_scores_do_not_depend_on_its_batch() -> None:
    network, x = tiny(), features(3, 3, 40, 56)
    singly = torch.cat([network(one[None]) for one in x])
    torch.testing.assert_close(network(x), singly, atol=1e-5, rtol=1e-4)
    assert math.isfinite(float(singly.abs().max()))
    assert not torch.allclose(singly[0], singly[1])


@torch.no_grad()
def test_maps_lie_at_a_quarter_an_eighth_and_a_sixteenth() -> None:
    network = tiny()
    seen: list[tuple[int, ...]] = []
    for part in network.modules():
        if isinstance(part, SpatialGate):
            part.register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape)))
    network(features(2, 3, 64, 96))
    assert seen == [(2, 1, 16, 24), *[(2, 1, 8, 12)] * 2, *[(2, 1, 4, 6)] * 2]
