"""Shared parts of the methods on self-attention: queries, fusing of heads, rows in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from attnviz.capture.grids import cell_of
from attnviz.capture.readings import ContextReading, TokenGrid
from attnviz.capture.site import Kind
from attnviz.capture.trace import Trace
from attnviz.errors import MethodError
from attnviz.methods.base import Method, Nature
from attnviz.methods.trace_method import LayerMethod, TraceMethod, require_gradient


@dataclass(frozen=True)
class ObjectQuery:
    """The query of a thing that was found: learned in a decoder, and a place everywhere else.

    Parameters
    ----------
    index
        Of the learned query.
    point
        (y, x) of the thing's middle, in 0..1 of the input.
    """

    index: int
    point: tuple[float, float]


Query = str | int | tuple[float, float] | ObjectQuery
"""Whose attention: "class" (the class token), "mean" (of all positions), the index of a cell on
each layer's own grid (row by row), a point (y, x) of the input, both in 0..1, or that of a thing
that was found."""

Heads = str | int
"""How heads are fused: "mean", "max", "min", or the index of a single head; the last head in layers
that have fewer, such as the early stages of Swin."""

_FUSED: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda rows: rows.mean(1),
    "max": lambda rows: rows.amax(1),
    "min": lambda rows: rows.amin(1),
}

# Weights of one picture held at a time: 8 MB. Blocks of 85 queries for ViT-S at 1024 px, all of
# them at once for ViT-B at 224 px.
_BLOCK_FLOATS = 2_000_000


@dataclass(frozen=True)
class ContextMethod(TraceMethod[ContextReading]):
    """Base of the methods that read self-attention.

    Maps lie on a grid of positions, without class, distillation and register tokens.
    """

    kind: ClassVar[Kind] = Kind.CONTEXT
    nature: ClassVar[Nature] = Nature.ATTENTION

    def readings(self, trace: Trace) -> tuple[ContextReading, ...]:
        """See `TraceMethod`; layers whose keys have no positions have no map."""
        return tuple(reading for reading in trace.context if reading.has_positions)


@dataclass(frozen=True)
class ContextLayerMethod(ContextMethod, LayerMethod[ContextReading]):
    """Base of the methods on self-attention that map each layer by itself."""


def shows_query(method: type[Method]) -> bool:
    """Return whether a method shows the attention of one query."""
    return issubclass(method, ContextMethod) and not method.gradients and hasattr(method, "query")


def with_query(method: Method, query: Query) -> Method:
    """Return a method set up for a query; the method itself if it has none."""
    changes: dict[str, Any] = {"query": query}
    return replace(method, **changes) if hasattr(method, "query") else method


def query_weights(grid: TokenGrid, query: Query, layer: str) -> Tensor:
    """Return the weight of each token as the query.

    Parameters
    ----------
    grid
        The tokens that are queries in the layer.
    query
        Whose attention. Without a class token, "class" means the mean of all positions; if the
        class token is the only query, it is used for every `query`. Learned queries have no
        positions: an index picks one of them, everything else is their mean.
    layer
        Name of the layer, for the error.

    Returns
    -------
    Tensor
        float32 [tokens], from 0 up, sum 1.

    Raises
    ------
    MethodError
        The query is unknown, or its cell or point is outside the grid.
    """
    weights = torch.zeros(grid.tokens)
    if isinstance(query, ObjectQuery):
        learned = not grid.cells and grid.class_token is None
        query = query.index if learned else query.point
    if isinstance(query, str) and query not in ("class", "mean"):
        raise MethodError(
            f"The query is {query!r}. Take 'class', 'mean', the index of a cell, or a point (y, x)."
        )
    if not grid.cells and grid.class_token is None:
        return _learned(grid, query, layer)
    if not grid.cells or (query == "class" and grid.class_token is not None):
        weights[grid.class_token or 0] = 1
    elif isinstance(query, str):
        weights[grid.prefix :] = 1 / grid.cells
    elif isinstance(query, tuple):
        weights[cell_at(grid, *query)] = 1
    elif 0 <= query < grid.cells:
        weights[grid.prefix + query] = 1
    else:
        raise MethodError(
            f"There is no cell {query}: {layer} has the cells 0 to {grid.cells - 1} "
            f"({grid.rows} x {grid.columns})."
        )
    return weights


def _learned(grid: TokenGrid, query: Query, layer: str) -> Tensor:
    """The weights of queries without positions."""
    if not isinstance(query, int):
        return torch.full((grid.tokens,), 1 / grid.tokens)
    if not 0 <= query < grid.tokens:
        raise MethodError(
            f"There is no query {query}: {layer} has the learned queries 0 to {grid.tokens - 1}."
        )
    return torch.eye(grid.tokens)[query]


def cell_at(grid: TokenGrid, y: float, x: float) -> int:
    """Return the index of the token whose cell contains a point of the input.

    Parameters
    ----------
    grid
        Tokens with positions.
    y, x
        The point, in 0..1 of the input's height and width.

    Returns
    -------
    int
        Index among all tokens of the grid, those without a position included.

    Raises
    ------
    MethodError
        The point is outside the input.
    """
    if not (0 <= y <= 1 and 0 <= x <= 1):
        raise MethodError(f"The point ({y:g}, {x:g}) is outside; y and x go from 0 to 1.")
    row, column = cell_of((y, x), (grid.rows, grid.columns))
    return grid.prefix + row * grid.columns + column


def fuse_heads(rows: Tensor, heads: Heads) -> Tensor:
    """Combine the heads of a layer.

    Parameters
    ----------
    rows
        float [N, heads, ...].
    heads
        How, see `Heads`.

    Returns
    -------
    Tensor
        float [N, ...].

    Raises
    ------
    MethodError
        There is no such way to fuse heads, or the index is negative.
    """
    if isinstance(heads, str):
        if heads not in _FUSED:
            known = ", ".join(map(repr, _FUSED))
            raise MethodError(f"Heads cannot be fused by {heads!r}. Take {known}, or a head.")
        return _FUSED[heads](rows)
    if heads < 0:
        raise MethodError(f"There is no head {heads}: heads are counted from 0.")
    return rows[:, min(heads, rows.shape[1] - 1)]


def query_blocks(reading: ContextReading, queries: Tensor | None = None) -> Iterator[Tensor]:
    """Split queries into blocks whose rows need little memory.

    Parameters
    ----------
    reading
        Of one layer.
    queries
        int64 [q], indices of queries; all of the layer if None.

    Yields
    ------
    Tensor
        int64, consecutive parts of `queries`.
    """
    if queries is None:
        queries = torch.arange(reading.queries.tokens)
    size = max(1, _BLOCK_FLOATS // (reading.heads * reading.keys.tokens))
    yield from torch.split(queries, size)


def gradient_rows(reading: ContextReading, queries: Tensor, method: str) -> Tensor:
    """Return `reading.gradient_rows`, or raise MethodError if the trace has no gradients."""
    return require_gradient(reading.gradient_rows(queries), method, reading.layer)


def rows_of_query(
    reading: ContextReading, query: Query, rows: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return what a query attends to, as a map over the positions of the keys.

    Parameters
    ----------
    reading
        Of one layer.
    query
        Whose attention; several queries are averaged.
    rows
        From queries int64 [q] to float [N, q, keys.tokens]. It is called in blocks, and only for
        queries with a weight.

    Returns
    -------
    Tensor
        float [N, rows, columns].

    Raises
    ------
    MethodError
        The query does not exist in the layer.
    """
    weights = query_weights(reading.queries, query, reading.layer)
    total: Tensor | None = None
    for block in query_blocks(reading, weights.nonzero()[:, 0]):
        weighted = rows(block)
        weighted = (weights[block].to(weighted.device)[:, None] * weighted).sum(1)
        total = weighted if total is None else total + weighted
    if total is None:
        raise MethodError(f"{reading.layer} has no queries to choose from.")
    return places(total, reading.keys)


def places(values: Tensor, grid: TokenGrid) -> Tensor:
    """Return [..., tokens] as [..., rows, columns], without tokens that have no position."""
    return values[..., grid.prefix :].reshape(*values.shape[:-1], grid.rows, grid.columns)
