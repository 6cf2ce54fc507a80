"""Following one query through all layers, as a row vector instead of a matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from attnviz.capture.readings import ContextReading, TokenGrid
from attnviz.methods.context import Query, places, query_blocks, query_weights

RowsOf = Callable[[ContextReading, Tensor], Tensor]
"""From a layer and queries [q] to the weights of its keys, [N, q, keys.tokens], from 0 up."""


def through_layers(
    readings: Sequence[ContextReading], query: Query, rows_of: RowsOf, *, normalise: bool
) -> list[Tensor]:
    """Return for each layer l the query's row of the product M_l ... M_2 M_1.

    Parameters
    ----------
    readings
        Of all layers, in forward order.
    query
        Whose attention or relevance, see `Query`.
    rows_of
        The weights W of a layer.
    normalise
        Whether the rows of M = I + W are normalised to sum 1.

    Returns
    -------
    list of Tensor
        float [N, rows, columns] for each layer, on the first layer's grid.

    Raises
    ------
    MethodError
        The query does not exist in a layer.

    Notes
    -----
    The rows of all layers are propagated together, from the last layer to the first, so each
    layer's weights are computed once, in blocks: memory grows with layers x tokens and not with
    tokens squared.

    Where the grids of two layers differ (stages, pooled keys), the value of a cell is spread evenly
    over the area that it covers, as if merging and pooling had averaged; convolutions between
    layers are not followed. Layers whose only query is the class token leave the positions
    unchanged. A token that does not exist in the layer below (a class token that enters late)
    carries nothing from the picture and ends there.
    """
    state, grid = torch.zeros(1, 0, readings[-1].queries.tokens), readings[-1].queries
    for reading in reversed(readings):
        layer_grid = tokens_of(reading)
        state = moved(state, grid, layer_grid)
        start = query_weights(reading.queries, query, reading.layer)
        fresh = torch.zeros(layer_grid.tokens)
        fresh[: len(start)] = start
        fresh = fresh.to(state.device).expand(len(state), 1, -1)
        state = _through(
            torch.cat([state, fresh], 1), layer_grid, reading, rows_of, normalise=normalise
        )
        grid = layer_grid
    maps = places(state, grid)
    return [maps[:, len(readings) - 1 - index] for index in range(len(readings))]


def carried_down(
    readings: Sequence[ContextReading], state: Tensor, rows_of: RowsOf, *, normalise: bool
) -> Tensor:
    """Multiply rows by the M of all layers, from the last to the first, see `through_layers`.

    Parameters
    ----------
    readings
        Of all layers, in forward order.
    state
        float [rows, tokens of the last layer].
    rows_of
        The weights W of a layer.
    normalise
        Whether the rows of M = I + W are normalised to sum 1.

    Returns
    -------
    Tensor
        float [N, rows, tokens of the first layer].
    """
    grid, carried = tokens_of(readings[-1]), state[None]
    for reading in reversed(readings):
        layer_grid = tokens_of(reading)
        carried = moved(carried, grid, layer_grid)
        carried = _through(carried, layer_grid, reading, rows_of, normalise=normalise)
        grid = layer_grid
    return carried


def tokens_of(reading: ContextReading) -> TokenGrid:
    """Return the tokens that pass through a layer.

    Parameters
    ----------
    reading
        Of one layer.

    Returns
    -------
    TokenGrid
        The queries; where the class token is the only query, together with the positions of the
        keys, and where queries are learned, together with all tokens of the keys.
    """
    queries, keys = reading.queries, reading.keys
    if queries.cells:
        return queries
    if queries.class_token is not None:
        return TokenGrid(keys.rows, keys.columns, queries.tokens, queries.class_token)
    class_token = None if keys.class_token is None else queries.tokens + keys.class_token
    return TokenGrid(keys.rows, keys.columns, queries.tokens + keys.prefix, class_token)


def _through(
    state: Tensor, own: TokenGrid, reading: ContextReading, rows_of: RowsOf, *, normalise: bool
) -> Tensor:
    """Multiply `state` [N, rows, own.tokens] by the M of one layer."""
    skipped, attended = state, torch.zeros(())
    for block in query_blocks(reading):
        weights = rows_of(reading, block)
        rows = state[:, :, block].to(weights.device)
        if normalise:
            rows = rows / (weights.sum(-1) + 1)[:, None]
            if skipped is state:
                skipped = state.to(weights.device).expand(len(weights), -1, -1).clone()
            skipped[:, :, block] = rows
        attended = attended.to(weights.device) + rows @ weights
    return skipped.to(attended.device) + moved(attended, reading.keys, own)


def moved(state: Tensor, old: TokenGrid, new: TokenGrid) -> Tensor:
    """Transfer the values of tokens from one grid to another.

    Parameters
    ----------
    state
        float [..., old.tokens].
    old
        The grid of `state`.
    new
        The grid of the result.

    Returns
    -------
    Tensor
        float [..., new.tokens]. The sum over positions is preserved if both grids have positions.
        Tokens without a position are copied if both grids have the same, else only the class token
        is.
    """
    if old == new:
        return state
    front = state.new_zeros(*state.shape[:-1], new.prefix)
    if (old.prefix, old.class_token) == (new.prefix, new.class_token):
        front = state[..., : old.prefix]
    elif old.class_token is not None and new.class_token is not None:
        front[..., new.class_token] = state[..., old.class_token]
    if not (old.cells and new.cells):
        return torch.cat([front, state.new_zeros(*state.shape[:-1], new.cells)], -1)
    down = _shares(old.rows, new.rows).to(state)
    across = _shares(old.columns, new.columns).to(state)
    cells = down.T @ places(state, old) @ across
    return torch.cat([front, cells.flatten(-2)], -1)


def _shares(old: int, new: int) -> Tensor:
    """[old, new]: share of each of `old` equal segments of a line that overlaps each of `new`."""
    left, right = torch.arange(old) / old, torch.arange(1, old + 1) / old
    start, end = torch.arange(new) / new, torch.arange(1, new + 1) / new
    overlap = torch.minimum(right[:, None], end) - torch.maximum(left[:, None], start)
    return overlap.clamp_min(0) * old
