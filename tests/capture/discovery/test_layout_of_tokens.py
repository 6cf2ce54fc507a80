"""Attention and blocks are the same whichever way round a network keeps its sequence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.methods import METHODS, Inference

SIZE = (32, 48)
WIDTH, HEADS = 16, 2


class ByHand(nn.Module):
    """A layer whose attention is written out; inside, the sequence comes first."""

    def __init__(self, fused: str, batch_first: bool) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fused, self.batch_first = fused, batch_first

    def forward(self, x: Tensor) -> Tensor:
        if self.batch_first:
            return self.mixed(x.transpose(0, 1)).transpose(0, 1)
        return self.mixed(x)

    def mixed(self, x: Tensor) -> Tensor:
        count, batch, _ = x.shape
        q, k, v = self.qkv(x).chunk(3, -1)
        if self.fused == "einsum":
            q, k, v = (one.view(count, batch, HEADS, -1) for one in (q, k, v))
            scores = torch.einsum("tnhd,snhd->nhts", q, k) * (WIDTH / HEADS) ** -0.5
            mixed = torch.einsum("nhts,snhd->tnhd", scores.softmax(-1), v)
            return x + self.out(mixed.reshape(count, batch, WIDTH))
        q, k, v = (one.reshape(count, batch * HEADS, -1).transpose(0, 1) for one in (q, k, v))
        if self.fused == "fused":
            mixed = F.scaled_dot_product_attention(q, k, v)
        else:
            mixed = (q @ k.transpose(1, 2) * (WIDTH / HEADS) ** -0.5).softmax(-1) @ v
        return x + self.out(mixed.transpose(0, 1).reshape(count, batch, WIDTH))


def encoder(style: str, batch_first: bool) -> nn.ModuleList:
    if style == "nn.TransformerEncoder":
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 24, batch_first=batch_first)
        return nn.ModuleList([nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)])
    if style == "nn.TransformerEncoderLayer":
        return nn.ModuleList(
            nn.TransformerEncoderLayer(WIDTH, HEADS, 24, batch_first=batch_first, norm_first=True)
            for _ in range(2)
        )
    if style == "shared layer":
        return nn.ModuleList(
            [nn.TransformerEncoderLayer(WIDTH, HEADS, 24, batch_first=batch_first)] * 3
        )
    return nn.ModuleList(ByHand(style, batch_first) for _ in range(2))


class Net(nn.Module):
    def __init__(self, style: str, *, batch_first: bool, class_token: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.batch_first = batch_first
        self.stem = nn.Conv2d(3, WIDTH, 8, 8)
        self.pos = nn.Parameter(torch.randn(1, 24, WIDTH))
        self.cls_token = nn.Parameter(torch.randn(1, 1, WIDTH)) if class_token else None
        self.head = nn.Linear(WIDTH, 4)
        self.layers = encoder(style, batch_first)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).flatten(2).transpose(1, 2) + self.pos
        if self.cls_token is not None:
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)
        x = x if self.batch_first else x.transpose(0, 1)
        for layer in self.layers:
            x = layer(x)
        x = x if self.batch_first else x.transpose(0, 1)
        return self.head(x.mean(1) if self.cls_token is None else x[:, 0])


def pair(style: str, *, class_token: bool) -> tuple[nn.Module, nn.Module]:
    first, second = (
        Net(style, batch_first=one, class_token=class_token).eval() for one in (True, False)
    )
    assert isinstance(second, Net)
    weights = zip(second.parameters(), first.parameters(), strict=True)
    with torch.no_grad():
        for weight, original in weights:
            weight.copy_(original)
    return first, second


STYLES = [
    "nn.TransformerEncoder", "nn.TransformerEncoderLayer", "shared layer",
    "einsum", "fused", "softmax",
]  # fmt: skip


@pytest.mark.parametrize("class_token", [False, True], ids=["mean", "class token"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("method", ["raw-attention", "rollout", "legrad", "grad-cam", "layer-cam"])
def test_maps_do_not_depend_on_the_layout(method: str, style: str, class_token: bool) -> None:
    inputs = torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    expected, found = (
        METHODS.get(method)().run(Inference.of(net, inputs, target=2))
        for net in pair(style, class_token=class_token)
    )
    assert found.layers == expected.layers
    assert found.last_layer == expected.last_layer
    for one, other in zip(found.layer_maps, expected.layer_maps, strict=True):
        assert one.values.shape == (2, 4, 6)
        np.testing.assert_allclose(one.values, other.values, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("style", ["shared layer", "softmax"])
def test_attention_is_the_same_as_by_hand(style: str) -> None:
    """From queries and keys that hooks of the test's own have seen, call by call."""
    net = Net(style, batch_first=False, class_token=False).eval()
    inputs = torch.randn(2, 3, *SIZE)
    seen: list[Tensor] = []
    layer = net.layers[0]
    part = layer.self_attn if style == "shared layer" else layer.qkv
    sites = find_sites(net, Kind.CONTEXT, inputs)
    handle = part.register_forward_pre_hook(lambda _m, args: seen.append(args[0].detach()))
    readings = capture(net, inputs, sites).context
    handle.remove()
    weight, bias = (
        (part.in_proj_weight, part.in_proj_bias)
        if isinstance(part, nn.MultiheadAttention)
        else (part.weight, part.bias)
    )
    assert len(readings) == (3 if style == "shared layer" else 2)
    with torch.no_grad():
        for reading, given in zip(readings, seen, strict=False):
            q, k, _ = F.linear(given, weight, bias).unflatten(-1, (3, HEADS, -1)).unbind(2)
            scores = torch.einsum("tnhd,snhd->nhts", q, k) * (WIDTH / HEADS) ** -0.5
            torch.testing.assert_close(reading.rows(torch.arange(24)), scores.softmax(-1))


@pytest.mark.parametrize("name", ["grad-cam-elementwise", "eigen-grad-cam", "score-cam"])
def test_the_library_is_given_tokens_batch_first(name: str) -> None:
    inputs = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    expected, found = (
        METHODS.get(name)().run(Inference.of(net, inputs, target=1))
        for net in pair("nn.TransformerEncoder", class_token=False)
    )
    for one, other in zip(found.layer_maps, expected.layer_maps, strict=True):
        assert one.layer == other.layer
        np.testing.assert_allclose(one.values, other.values, rtol=1e-4, atol=1e-6)


def test_the_classifier_is_applied_to_each_token() -> None:
    """The mean of the evidence over the cells is the logits less their offset."""
    inputs = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    expected, found = (
        METHODS.get("competition")().run(Inference.of(net, inputs, target=1))
        for net in pair("nn.TransformerEncoder", class_token=False)
    )
    assert found.layers == expected.layers
    np.testing.assert_allclose(
        found.layer_maps[-1].values, expected.layer_maps[-1].values, rtol=1e-4, atol=1e-6
    )
