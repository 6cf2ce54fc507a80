"""Learned queries have no place: what they attend to is a map over the keys."""

from __future__ import annotations

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.readings import TokenGrid
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.errors import MethodError
from attnviz.methods import METHODS, Inference
from attnviz.methods.raw_attention import RawAttention

SIZE = (32, 48)
WIDTH, HEADS, CELLS = 16, 2, 24
STYLES = [
    "nn.MultiheadAttention", "sequence first", "fused", "matrix product", "without a batch",
    "einsum", "mean as the query",
]  # fmt: skip


class Pooled(nn.Module):
    """A transformer on patches, pooled by attention; `weights` is that attention by hand."""

    def __init__(self, style: str, queries: int, *, class_token: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.style, extra = style, int(class_token)
        self.stem = nn.Conv2d(3, WIDTH, 8, 8)
        self.pos = nn.Parameter(torch.randn(1, CELLS + extra, WIDTH))
        self.cls_token = nn.Parameter(torch.randn(1, extra, WIDTH))
        self.layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 24, batch_first=True)
        self.asking = nn.Parameter(torch.randn(queries, WIDTH))
        self.pool = nn.MultiheadAttention(WIDTH, HEADS, batch_first=style != "sequence first")
        self.kv, self.head = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, 4)

    def tokens(self, x: Tensor) -> Tensor:
        x = self.stem(x).flatten(2).transpose(1, 2)
        return self.layer(torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos)

    def forward(self, x: Tensor) -> Tensor:
        x = self.tokens(x)
        return self.head(self.pooled(x, self.asking.expand(len(x), -1, -1)).mean(1))

    def pooled(self, x: Tensor, asking: Tensor) -> Tensor:
        if self.style in ("nn.MultiheadAttention", "sequence first"):
            if self.style == "sequence first":
                asking, x = asking.transpose(0, 1), x.transpose(0, 1)
            mixed: Tensor = self.pool(asking, x, x, need_weights=False)[0]
            return mixed if self.pool.batch_first else mixed.transpose(0, 1)
        k, v = self.kv(x).chunk(2, -1)
        if self.style == "fused":
            return F.scaled_dot_product_attention(asking, k, v)
        if self.style == "einsum":
            scores = torch.einsum("qd,nkd->nqk", self.asking, k)
            return torch.einsum("nqk,nkd->nqd", (scores * WIDTH**-0.5).softmax(-1), v)
        asked = {"without a batch": self.asking, "mean as the query": x.mean(1, keepdim=True)}
        scores = asked.get(self.style, asking) @ k.transpose(1, 2)
        return (scores * WIDTH**-0.5).softmax(-1) @ v

    def weights(self, x: Tensor) -> Tensor:
        """[N, queries, tokens], mean over heads."""
        x = self.tokens(x)
        asking = self.asking.expand(len(x), -1, -1)
        if self.style in ("nn.MultiheadAttention", "sequence first"):
            weight, bias = (
                one.chunk(3) for one in (self.pool.in_proj_weight, self.pool.in_proj_bias)
            )
            sides = (F.linear(asking, weight[0], bias[0]), F.linear(x, weight[1], bias[1]))
            q, k = (side.unflatten(2, (HEADS, -1)).transpose(1, 2) for side in sides)
            return (q @ k.transpose(2, 3) * (WIDTH / HEADS) ** -0.5).softmax(-1).mean(1)
        k = self.kv(x).chunk(2, -1)[0]
        q = x.mean(1, keepdim=True) if self.style == "mean as the query" else asking
        return (q @ k.transpose(1, 2) * WIDTH**-0.5).softmax(-1)


def inputs() -> Tensor:
    return torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))


# As many queries as there are patches, or more, are no patches.
@pytest.mark.parametrize("queries", [1, 5, CELLS, CELLS + 4])
@pytest.mark.parametrize("style", STYLES)
def test_the_map_is_the_mean_over_the_queries(style: str, queries: int) -> None:
    net = Pooled(style, queries).eval()
    found = RawAttention().run(Inference.of(net, inputs()))
    assert found.layers[0] == "layer.self_attn"
    assert len(found.layers) == 2
    with torch.no_grad():
        expected = net.weights(inputs()).mean(1).view(2, 4, 6)
    torch.testing.assert_close(torch.from_numpy(found.layer_maps[1].values), expected)


@pytest.mark.parametrize("style", ["nn.MultiheadAttention", "matrix product"])
def test_tokens_without_a_place_are_left_out_of_the_map(style: str) -> None:
    net = Pooled(style, CELLS + 1, class_token=True).eval()
    found = RawAttention().run(Inference.of(net, inputs()))
    with torch.no_grad():
        expected = net.weights(inputs()).mean(1)[:, 1:].view(2, 4, 6)
    torch.testing.assert_close(torch.from_numpy(found.layer_maps[1].values), expected)


def test_one_query_is_chosen_by_its_index() -> None:
    net = Pooled("fused", 5).eval()
    site = find_sites(net, Kind.CONTEXT, inputs())[1:]
    reading = capture(net, inputs(), site).context[0]
    assert (reading.queries, reading.keys) == (TokenGrid(0, 0, 5), TokenGrid(4, 6))
    with torch.no_grad():
        expected = net.weights(inputs()).view(2, 5, 4, 6)
    for query in (0, 4):
        torch.testing.assert_close(RawAttention(query).layer_map(reading), expected[:, query])
    torch.testing.assert_close(RawAttention((0.5, 0.5)).layer_map(reading), expected.mean(1))
    with pytest.raises(MethodError, match=r"no query 5: .* the learned queries 0 to 4"):
        RawAttention(5).layer_map(reading)


@pytest.mark.parametrize("queries", [1, 5])
def test_rollout_goes_on_through_the_tokens_that_were_asked(queries: int) -> None:
    """Half of each query stays with itself and ends there; the class token it asks has asked on."""
    net = Pooled("fused", queries, class_token=True).eval()
    found = METHODS.get("rollout")().run(Inference.of(net, inputs()))
    first = capture(net, inputs(), find_sites(net, Kind.CONTEXT, inputs())[:1]).context[0]
    below = (first.rows(torch.arange(CELLS + 1)).mean(1) + torch.eye(CELLS + 1)) / 2
    with torch.no_grad():
        asked = net.weights(inputs()).mean(1, keepdim=True) / 2
    expected = (asked @ below)[:, 0, 1:].view(2, 4, 6)
    torch.testing.assert_close(torch.from_numpy(found.layer_maps[1].values), expected)


class Detector(nn.Module):
    """A convolution, an encoder, and a decoder whose learned queries ask the encoder's memory."""

    def __init__(self, queries: int, *, batch_first: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.batch_first = batch_first
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 4, 4))
        self.project, self.pos = nn.Conv2d(8, WIDTH, 1), nn.Parameter(torch.randn(CELLS, 1, WIDTH))
        encoder_layer, decoder_layer = (
            partial(kind, WIDTH, HEADS, 24, batch_first=batch_first)
            for kind in (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
        )
        self.encoder = nn.TransformerEncoder(encoder_layer(), 2, enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(decoder_layer(), 2)
        self.asking, self.head = nn.Embedding(queries, WIDTH), nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Tensor:
        memory = self.project(self.backbone(x)).flatten(2).permute(2, 0, 1) + self.pos
        asking = self.asking.weight[:, None].expand(-1, len(x), -1)
        if self.batch_first:
            memory, asking = memory.transpose(0, 1), asking.transpose(0, 1)
        asked = self.decoder(asking, self.encoder(memory))
        return self.head(asked).amax(int(self.batch_first))


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("queries", [3, CELLS, CELLS + 4])
def test_a_decoder_asks_the_picture_and_its_queries_among_themselves_do_not(
    queries: int, batch_first: bool
) -> None:
    """What it asks is what PyTorch's own attention returns with `need_weights`."""
    net = Detector(queries, batch_first=batch_first).eval()
    sites = find_sites(net, Kind.CONTEXT, inputs())
    assert [site.layer for site in sites] == [
        "encoder.layers.0.self_attn", "encoder.layers.1.self_attn",
        "decoder.layers.0.multihead_attn", "decoder.layers.1.multihead_attn",
    ]  # fmt: skip
    seen: dict[str, tuple[Tensor, ...]] = {}
    for name, part in net.named_modules():
        if isinstance(part, nn.MultiheadAttention):
            part.register_forward_pre_hook(lambda _m, args, name=name: seen.__setitem__(name, args))
    readings = capture(net, inputs(), sites).context
    for reading in readings[2:]:
        part = net.get_submodule(reading.layer)
        with torch.no_grad():
            expected = part.forward(*seen[reading.layer][:3])[1].mean(1).view(2, 4, 6)
        torch.testing.assert_close(RawAttention().layer_map(reading), expected)
    blocks = [site.layer for site in find_sites(net, Kind.FEATURES, inputs())]
    assert blocks[-2:] == ["encoder.layers.0", "encoder.layers.1"]
    result = METHODS.get("rollout")().run(Inference.of(net, inputs()))
    assert result.last_layer == "decoder.layers.1.multihead_attn"
    for maps in result.layer_maps:
        assert maps.values.min() >= 0
        assert maps.values.sum((1, 2)).max() <= 1 + 1e-5
