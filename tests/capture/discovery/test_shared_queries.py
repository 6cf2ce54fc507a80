"""Windows that are all asked by the same queries, as in GCViT: what is read lies in its window."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.analysis.explain import explain
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import open_picture

WIDTH, SIDE, WINDOW = 12, 8, 4


def cut(x: Tensor) -> Tensor:
    """[N, 8, 8, C] as windows [4 N, 16, C]."""
    n, parts = len(x), SIDE // WINDOW
    x = x.reshape(n, parts, WINDOW, parts, WINDOW, -1).transpose(2, 3)
    return x.reshape(n * parts**2, WINDOW**2, -1)


def joined(windows: Tensor) -> Tensor:
    """The reverse of `cut`."""
    parts = SIDE // WINDOW
    n = len(windows) // parts**2
    x = windows.reshape(n, parts, parts, WINDOW, WINDOW, -1).transpose(2, 3)
    return x.reshape(n, SIDE, SIDE, -1)


class Global(nn.Module):
    """Attention of shared queries [N, T, C] in windows of a map [N, 8, 8, C], of two heads."""

    def __init__(self, *, fused: bool) -> None:
        super().__init__()
        self.q, self.kv = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2 * WIDTH)
        self.fused = fused

    def sides(self, x: Tensor, asked: Tensor) -> list[Tensor]:
        count = (SIDE // WINDOW) ** 2
        sides = (self.q(4 * asked).repeat_interleave(count, 0), *self.kv(cut(x)).chunk(2, 2))
        return [side.unflatten(2, (2, -1)).transpose(1, 2) for side in sides]

    def weights(self, x: Tensor, asked: Tensor) -> Tensor:
        q, k, _ = self.sides(x, asked)
        return (q @ k.transpose(2, 3) * q.shape[3] ** -0.5).softmax(-1)

    def forward(self, x: Tensor, asked: Tensor) -> Tensor:
        q, k, v = self.sides(x, asked)
        seen = F.scaled_dot_product_attention(q, k, v) if self.fused else self.weights(x, asked) @ v
        seen = seen.transpose(1, 2).flatten(2)
        if seen.shape[1] != WINDOW**2:  # fewer queries than places: each place gets their mean
            seen = seen.mean(1, keepdim=True).expand(-1, WINDOW**2, -1)
        return x + joined(seen)


class Tokens(nn.Module):
    """The same of tokens [N, 64, C]."""

    def __init__(self, inner: Global) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor, asked: Tensor) -> Tensor:
        return self.inner(x.unflatten(1, (SIDE, SIDE)), asked).flatten(1, 2)


class Net(nn.Module):
    """Two blocks, whose queries are pooled from the picture, or learned."""

    def __init__(
        self, *, fused: bool = True, tokens: bool = False, learned: bool = False, queries: int = 4
    ) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.stem, self.pooled = nn.Conv2d(3, WIDTH, 8, 8), nn.Conv2d(WIDTH, WIDTH, 1)
        blocks = [Global(fused=fused) for _ in range(2)]
        self.blocks = nn.ModuleList(map(Tokens, blocks) if tokens else blocks)
        self.head = nn.Linear(WIDTH, 4)
        self.side, self.tokens = queries, tokens
        self.learned = nn.Parameter(torch.randn(1, queries**2, WIDTH)) if learned else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        asked = self.pooled(F.adaptive_avg_pool2d(x, self.side)).flatten(2).transpose(1, 2)
        if self.learned is not None:
            asked = self.learned.expand(len(x), -1, -1)
        x = x.permute(0, 2, 3, 1)
        x = x.flatten(1, 2) if self.tokens else x
        for block in self.blocks:
            x = block(x, asked)
        return self.head(x.flatten(1, -2).mean(1))


NETS = {
    "fused": Net,
    "softmax": lambda: Net(fused=False),
    "tokens": lambda: Net(tokens=True),
    "learned": lambda: Net(learned=True),
}


def by_hand(network: Net, inputs: Tensor) -> list[Tensor]:
    """For each block the attention [8, 8] to each place, its mean over heads and queries."""
    maps: list[Tensor] = []

    def look(block: nn.Module, args: tuple[Tensor, Tensor]) -> None:
        x, asked = args
        weights = block.weights(x, asked).mean(1).sum(1)  # [4, 16], heads and queries
        maps.append(joined(weights[..., None])[0, ..., 0] / SIDE**2)

    blocks = [getattr(block, "inner", block) for block in network.blocks]
    handles = [block.register_forward_pre_hook(look) for block in blocks]
    with torch.no_grad():
        network(inputs)
    for handle in handles:
        handle.remove()
    return maps


@pytest.mark.parametrize("name", NETS)
def test_each_window_shows_its_own_attention(name: str) -> None:
    network = NETS[name]().eval()
    inputs = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    sites = find_sites(network, Kind.CONTEXT, inputs)
    assert len(sites) == 2
    trace = capture(network, inputs, sites)
    for reading, expected in zip(trace.context, by_hand(network, inputs), strict=True):
        assert (reading.keys.rows, reading.keys.columns) == (SIDE, SIDE)
        rows = reading.rows(torch.arange(reading.queries.tokens))
        found = rows.mean((1, 2))[0].unflatten(0, (SIDE, SIDE))
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)
        assert float(expected.std() / expected.mean()) > 0.05  # not even, so places matter


@pytest.mark.parametrize("name", [*NETS, "fewer queries than places"])
def test_every_question_is_answered_with_finite_maps(name: str) -> None:
    """Queries that stand nowhere are left out if they cannot be placed."""
    network = NETS.get(name, lambda: Net(queries=2))().eval()
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    model = wrap(network, Preprocess(size=64))
    for method in ("auto", "attention", "decision"):
        found = explain(model, open_picture(pixels), method, target=1)
        best = found.map_of(found.best_layer)
        assert np.isfinite(best).all()
        if name in NETS:
            assert found.method in ("rollout", "legrad")
            quarters = best.reshape(2, 4, 2, 4).sum((1, 3))
            assert (quarters > 0.05 * best.sum()).all()  # no window is left empty
