"""Derive the grids of an attention call from where its tokens originate."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnviz.capture.discovery.token_origins import TokenOrigins, unlocated
from attnviz.capture.readings import TokenGrid
from attnviz.capture.token_geometry import TokenGeometry

_MIN_GAP = 0.15


def make_geometry(
    queries: TokenOrigins | None,
    keys: TokenOrigins,
    grid: tuple[int, int],
    *,
    input_size: tuple[int, int],
    padded: bool = True,
) -> TokenGeometry | None:
    """Derive the geometry of an attention call.

    Parameters
    ----------
    queries, keys
        Where the tokens of both sides originate; queries are None for a single row of scores.
    grid
        Rows and columns of the map in which they originate.
    input_size
        (height, width) of the network's input in pixels.
    padded
        Whether rows without an origin may be padding around a map; else they are tokens without a
        position, wherever they stand.

    Returns
    -------
    TokenGeometry or None
        None if the keys form no grid over the input, or if every query attends to a single key.
    """
    entries = len(keys.located)
    if queries is None:  # one row of scores: one query without a position
        queries = unlocated(entries, 1)
    key_cells, query_cells = _placed(keys, grid), _placed(queries, grid)
    if key_cells is None or query_cells is None:
        return None
    grids = []
    windows, table = _table(torch.cat((query_cells[0], key_cells[0]), 1))
    if table is None:
        return None
    sides = []
    for cells, shape in (query_cells, key_cells):
        cells, token_grid = _with_prefix(cells[windows], shape, padded=padded)
        sides.append(cells)
        grids.append(token_grid)
    if _ask_everywhere(sides[0]):  # then they stand where their window does, as its keys
        if sides[0].shape != sides[1].shape:
            return None
        sides[0], grids[0] = sides[1], grids[1]
    if grids[1].cells < 2 or key_cells[0].shape[1] < 2 or not grids[0].tokens:
        return None
    return TokenGeometry(grids[0], grids[1], table, sides[0], sides[1], input_size)


def _ask_everywhere(queries: Tensor) -> bool:
    """Whether all windows [windows, rows] are asked by the same queries, as in GCViT.

    Such a query has no position of its own; what it reads is added to its window.
    """
    return len(queries) > 1 and bool((queries == queries[0]).all())


def _placed(side: TokenOrigins, grid: tuple[int, int]) -> tuple[Tensor, tuple[int, int]] | None:
    """Cells, if need be without the rows that respond to the whole map, such as a mean."""
    if bool(side.whole[side.located].all()) and side.whole.any():
        return _cells(side.without(side.whole), grid)
    cells = _cells(side, grid)
    return _cells(side.without(side.whole), grid) if cells is None else cells


def _cells(side: TokenOrigins, grid: tuple[int, int]) -> tuple[Tensor, tuple[int, int]] | None:
    """Each row's cell, -1 without a position, [entries, rows], and the grid of the cells.

    Rows that do not originate in single cells come from pooled ones: their grid is then the finest,
    and of those the one with the squarest cells, in which all cells have equally many rows.
    """
    if not bool(side.located.any()):
        return torch.full(side.located.shape, -1), (0, 0)
    if side.at_cells(grid):
        cells = side.cells(grid).where(side.located, -1)
        if bool((_counts(cells, grid) > 0).all()):
            return cells, grid
    count, entries = int(side.located.sum()), len(side.located)
    for heads in range(1, entries + 1):
        if entries % heads or count % heads:
            continue
        for shape in shapes(count // heads, grid):
            ranked = _cells_by_rank(side, shape)
            if ranked is not None and _evenly_used(ranked, side.located, shape, heads):
                return ranked, shape
    return None


def _cells_by_rank(side: TokenOrigins, shape: tuple[int, int]) -> Tensor | None:
    """Cells by the rank of their centres; None if rows or columns cannot be separated.

    The centre of a neighbourhood that is cut off at the border is shifted inwards, but still comes
    before the next one.
    """
    steps = []
    for axis, count in enumerate(shape):
        along = side.centres[..., axis][side.located]
        order = along.argsort()
        groups = along[order].view(count, -1)
        gaps = groups[1:, 0] - groups[:-1, -1]
        if bool((gaps * count < _MIN_GAP).any()):
            return None
        step = torch.empty_like(order)
        step[order] = torch.arange(len(order)) // groups.shape[1]
        steps.append(step)
    cells = torch.full(side.located.shape, -1)
    cells[side.located] = steps[0] * shape[1] + steps[1]
    return cells


def _counts(cells: Tensor, shape: tuple[int, int]) -> Tensor:
    return cells[cells >= 0].bincount(minlength=shape[0] * shape[1])


def shapes(count: int, grid: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the three grids of `count` cells with the aspect closest to that of a map."""
    pairs = [(n, count // n) for n in range(1, count + 1) if count % n == 0]
    aspect = grid[0] / grid[1]
    return sorted(pairs, key=lambda pair: abs(math.log(pair[0] / pair[1] / aspect)))[:3]


def _evenly_used(cells: Tensor, located: Tensor, shape: tuple[int, int], heads: int) -> bool:
    """Whether all cells have equally many rows, and no entry contains a cell twice."""
    distinct = torch.tensor([len(set(row.tolist()) - {-1}) for row in cells])
    evenly = bool((_counts(cells, shape) == heads).all())
    return evenly and bool((distinct == located.sum(1)).all())


def _table(rows: Tensor) -> tuple[Tensor, Tensor | None]:
    """(first entry of each window, entries [windows, heads]); its heads have equal cells."""
    windows: dict[tuple[int, ...], list[int]] = {}
    for entry, row in enumerate(rows.tolist()):
        windows.setdefault(tuple(row), []).append(entry)
    firsts = torch.tensor([entries[0] for entries in windows.values()])
    if len({len(entries) for entries in windows.values()}) > 1:
        return firsts, None
    return firsts, torch.tensor(list(windows.values()))


def _with_prefix(
    cells: Tensor, shape: tuple[int, int], *, padded: bool
) -> tuple[Tensor, TokenGrid]:
    """Tokens without an origin are a prefix, unless there are windows.

    A single one without a grid is a class token; `class_token` finds it beside one.
    """
    prefix = 0
    unlocated = cells[0] < 0
    if len(cells) == 1:
        leading = int(unlocated.long().cumprod(0).sum())
        # If others have no origin either, they may be padding on all sides.
        prefix = int(unlocated.sum()) if not padded or leading == int(unlocated.sum()) else 0
    cells = cells.where(cells < 0, cells + prefix)
    if prefix:
        cells[0, unlocated] = torch.arange(prefix)
    # A lone query of tokens that stand together is their class token; others are learned.
    alone = shape == (0, 0) and prefix == 1 and padded
    return cells, TokenGrid(*shape, prefix, 0 if alone else None)
