"""Readings built by hand: attention with given weights, grids, gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from attnviz.capture.readings import DenseAttention, TokenGrid
from attnviz.capture.trace import Trace


def with_weights(
    weights: Tensor,
    queries: TokenGrid,
    keys: TokenGrid | None = None,
    *,
    gradient: Tensor | None = None,
    layer: str = "layer",
) -> DenseAttention:
    """A reading whose rows are `weights` [heads, q, k], and gradients [heads, q, k] if given.

    The bias is log(weights) over zero queries; values are unit vectors, one for each key, so that
    the gradient by the output is the gradient by the weights.
    """
    heads, asking, looked_at = weights.shape
    return DenseAttention(
        layer=layer,
        queries=queries,
        keys=keys or queries,
        heads=heads,
        q=torch.zeros(1, heads, asking, 2),
        k=torch.zeros(1, heads, looked_at, 2),
        v=torch.eye(looked_at).expand(1, heads, -1, -1),
        scale=1.0,
        bias=weights[None].log(),
        out_gradient=None if gradient is None else gradient[None],
    )


def random_reading(
    seed: int,
    queries: TokenGrid,
    keys: TokenGrid | None = None,
    *,
    heads: int = 3,
    batch: int = 2,
    layer: str = "layer",
) -> DenseAttention:
    """Seeded random queries, keys, values and gradient."""
    random = torch.Generator().manual_seed(seed)
    keys = keys or queries

    def draw(tokens: int) -> Tensor:
        return torch.randn(batch, heads, tokens, 4, generator=random)

    return DenseAttention(
        layer, queries, keys, heads,
        q=draw(queries.tokens), k=draw(keys.tokens), v=draw(keys.tokens), scale=0.5,
        out_gradient=draw(queries.tokens),
    )  # fmt: skip


def trace_of(*readings: object, size: tuple[int, int] = (32, 48)) -> Trace:
    return Trace(tuple(readings), torch.zeros(1, 3), torch.zeros(1).long(), size)  # type: ignore[arg-type]


def matrix(reading: DenseAttention) -> Tensor:
    """All the weights at once, [N, heads, q, k], written out independently."""
    scores = torch.einsum("nhqd,nhkd->nhqk", reading.q, reading.k) * reading.scale
    return (scores if reading.bias is None else scores + reading.bias).softmax(-1)


def gradient_matrix(reading: DenseAttention) -> Tensor:
    assert reading.out_gradient is not None
    assert reading.v is not None
    return torch.einsum("nhqe,nhke->nhqk", reading.out_gradient, reading.v)
