"""From where the rows of an attention call came from, to the grids that they form."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnviz.capture.discovery.token_probe import TokenOrigins
from attnviz.capture.readings import TokenGrid
from attnviz.capture.token_geometry import TokenGeometry

_APART = 0.15


def make_geometry(
    queries: TokenOrigins | None,
    keys: TokenOrigins,
    grid: tuple[int, int],
    *,
    class_token: bool,
    input_size: tuple[int, int],
) -> TokenGeometry | None:
    """The geometry of a call on a map of `grid`; None if its keys form no grid over the picture.

    Also None where every query sees a single key, for then it chooses nothing.
    """
    entries = len(keys.located)
    if queries is None:  # one row of scores: one query that is nowhere
        queries = TokenOrigins(
            torch.zeros(entries, 1, 2), torch.zeros(entries, 1, dtype=torch.bool)
        )
    key_cells = _cells(keys, grid)
    query_cells = _cells(queries, grid)
    if key_cells is None or query_cells is None:
        return None
    grids = []
    windows, table = _table(torch.cat((query_cells[0], key_cells[0]), 1))
    if table is None:
        return None
    sides = []
    for cells, shape in (query_cells, key_cells):
        cells, token_grid = _with_prefix(cells[windows], shape, class_token=class_token)
        sides.append(cells)
        grids.append(token_grid)
    if grids[1].cells < 2 or key_cells[0].shape[1] < 2:
        return None
    return TokenGeometry(grids[0], grids[1], table, sides[0], sides[1], input_size)


def _cells(side: TokenOrigins, grid: tuple[int, int]) -> tuple[Tensor, tuple[int, int]] | None:
    """Each row's cell, -1 if it is nowhere, [entries, rows], and the grid that the cells form.

    Rows that are not from single cells come from pooled ones: the grid then is the finest, and of
    those the one with the squarest cells, in which all cells have equally many rows.
    """
    if not bool(side.located.any()):
        return torch.full(side.located.shape, -1), (0, 0)
    if side.at_cells(grid):
        steps = (side.centres * torch.tensor(grid)).long()
        cells = (steps[..., 0] * grid[1] + steps[..., 1]).where(side.located, -1)
        if bool((_counts(cells, grid) > 0).all()):
            return cells, grid
    count, entries = int(side.located.sum()), len(side.located)
    for heads in range(1, entries + 1):
        if entries % heads or count % heads:
            continue
        for shape in _shapes(count // heads, grid):
            ranked = _ranked(side, shape)
            if ranked is not None and _evenly(ranked, side.located, shape, heads):
                return ranked, shape
    return None


def _ranked(side: TokenOrigins, shape: tuple[int, int]) -> Tensor | None:
    """Cells by rank among the centres, which borders shift; None if rows or columns run together.

    Where a cell looks over the border its centre lies further in, but still before the next one's.
    """
    steps = []
    for axis, count in enumerate(shape):
        along = side.centres[..., axis][side.located]
        order = along.argsort()
        groups = along[order].view(count, -1)
        gaps = groups[1:, 0] - groups[:-1, -1]
        if bool((gaps * count < _APART).any()):
            return None
        step = torch.empty_like(order)
        step[order] = torch.arange(len(order)) // groups.shape[1]
        steps.append(step)
    cells = torch.full(side.located.shape, -1)
    cells[side.located] = steps[0] * shape[1] + steps[1]
    return cells


def _counts(cells: Tensor, shape: tuple[int, int]) -> Tensor:
    return cells[cells >= 0].bincount(minlength=shape[0] * shape[1])


def _shapes(count: int, grid: tuple[int, int]) -> list[tuple[int, int]]:
    """Rows and columns of some cells, those whose aspect is most like the grid's first."""
    pairs = [(n, count // n) for n in range(1, count + 1) if count % n == 0]
    aspect = grid[0] / grid[1]
    return sorted(pairs, key=lambda pair: abs(math.log(pair[0] / pair[1] / aspect)))[:3]


def _evenly(cells: Tensor, heard: Tensor, shape: tuple[int, int], heads: int) -> bool:
    """Whether all cells have equally many rows, and no entry holds a cell twice."""
    distinct = torch.tensor([len(set(row.tolist()) - {-1}) for row in cells])
    return bool((_counts(cells, shape) == heads).all()) and bool((distinct == heard.sum(1)).all())


def _table(rows: Tensor) -> tuple[Tensor, Tensor | None]:
    """(first entry of each window, entries [windows, heads]); its heads have equal cells."""
    found: dict[tuple[int, ...], list[int]] = {}
    for entry, row in enumerate(rows.tolist()):
        found.setdefault(tuple(row), []).append(entry)
    firsts = torch.tensor([entries[0] for entries in found.values()])
    if len({len(entries) for entries in found.values()}) > 1:
        return firsts, None
    return firsts, torch.tensor(list(found.values()))


def _with_prefix(
    cells: Tensor, shape: tuple[int, int], *, class_token: bool
) -> tuple[Tensor, TokenGrid]:
    """Tokens in front that came from nowhere are a prefix, if there are no windows."""
    prefix = 0
    if len(cells) == 1:
        nowhere = (cells[0] < 0).long()
        front = int(nowhere.cumprod(0).sum())
        prefix = front if front == int(nowhere.sum()) else 0  # else it is padding all around
    cells = cells.where(cells < 0, cells + prefix)
    cells[:, :prefix] = torch.arange(prefix)
    alone = shape == (0, 0)
    first = 0 if prefix and (class_token or alone) else None
    return cells, TokenGrid(*shape, prefix, first)
