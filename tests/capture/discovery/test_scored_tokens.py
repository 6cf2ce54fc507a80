"""Pooling that scores each token, and normalises over them, is attention of one query."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_kinds, find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.methods import METHODS, Inference
from attnviz.methods.legrad import LeGrad

SIZE = (32, 48)
WIDTH, CELLS = 16, 24
STYLES = ["column", "row", "vector", "gated", "sequence first", "nn.Softmax", "two heads"]


class Scored(nn.Module):
    """Tokens of a transformer, pooled by the softmax of their scores."""

    def __init__(self, style: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.style = style
        self.stem = nn.Conv2d(3, WIDTH, 8, 8)
        self.pos = nn.Parameter(torch.randn(1, CELLS, WIDTH))
        self.layer = nn.TransformerEncoderLayer(WIDTH, 2, 24, batch_first=True)
        self.score = nn.Linear(WIDTH, 2 if style == "two heads" else 1)
        self.gate, self.asking = nn.Linear(WIDTH, WIDTH), nn.Parameter(torch.randn(WIDTH))
        self.softmax, self.head = nn.Softmax(1), nn.Linear(WIDTH, 4)

    def tokens(self, x: Tensor) -> Tensor:
        return self.layer(self.stem(x).flatten(2).transpose(1, 2) + self.pos)

    def weights(self, x: Tensor) -> Tensor:
        """[N, tokens, heads]."""
        if self.style == "row":
            return self.score(x).squeeze(2).softmax(-1)[..., None]
        if self.style == "vector":
            return torch.softmax(x @ self.asking, dim=1)[..., None]
        if self.style == "gated":
            return self.score(self.gate(x).tanh() * self.gate(x).sigmoid()).softmax(1)
        if self.style == "sequence first":
            return self.score(x.transpose(0, 1)).softmax(0).transpose(0, 1)
        return self.softmax(self.score(x))

    def forward(self, x: Tensor) -> Tensor:
        x = self.tokens(x)
        return self.head((self.weights(x).mean(2, keepdim=True) * x).sum(1))


def inputs() -> Tensor:
    return torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("style", STYLES)
def test_its_map_is_the_weights(style: str) -> None:
    net = Scored(style).eval()
    found = METHODS.get("raw-attention")().run(Inference.of(net, inputs()))
    assert found.layers == ("layer.self_attn", "Scored")
    with torch.no_grad():
        expected = net.weights(net.tokens(inputs())).mean(2).view(2, 4, 6)
    torch.testing.assert_close(torch.from_numpy(found.layer_maps[1].values), expected)


@pytest.mark.parametrize("style", STYLES)
def test_its_gradient_is_the_one_by_hand(style: str) -> None:
    """A token's weight raises the score of class 1 by what the head makes of the token."""
    net = Scored(style).eval()
    site = find_sites(net, Kind.CONTEXT, inputs())[1:]
    trace = capture(net, inputs(), site, gradients=True, target=1)
    with torch.no_grad():
        torch.testing.assert_close(trace.logits, net(inputs()))
        heads = 2 if style == "two heads" else 1
        expected = (net.tokens(inputs()) @ net.head.weight[1]).relu().view(2, 4, 6) / heads
    torch.testing.assert_close(LeGrad().layer_map(trace.context[0]), expected)


@pytest.mark.parametrize("classes", [4, 6, 24, 25])
def test_shares_of_classes_are_no_attention(classes: int) -> None:
    """Also where there are as many classes as there are cells."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 8, 8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * CELLS, classes), nn.Softmax(1)
    ).eval()
    assert Kind.CONTEXT not in find_kinds(net, inputs())
