"""Measure where rows of a tensor originate in a map, from how they respond when it is perturbed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from attnviz.capture.grids import MAX_PREFIX

STEP = 1e-3
_CELL_TOLERANCE = 0.2
_MIN_RESPONSE = 1e-5
_MAX_MIXTURE = 0.01
_TINY = 1e-12

Perturb = Callable[[Tensor], list[Tensor]]
"""Receives a factor for each cell, [rows, columns], by which the map is perturbed there. Returns
how much the rows of each side change, [..., rows, d]."""


@dataclass(frozen=True)
class TokenOrigins:
    """Where the rows of one side of a call originate.

    Attributes
    ----------
    centres
        float32 [entries, rows, 2], (down, across) in 0..1 from the top left corner of the map.
    located
        bool [entries, rows]; False for rows that respond to nothing (class tokens, learned queries,
        padding), or to everything where other rows have places (a mean that is prepended).
    whole
        bool [entries, rows]; True for rows that respond to all rows and columns of the map.
    """

    centres: Tensor
    located: Tensor
    whole: Tensor

    def at_cells(self, grid: tuple[int, int]) -> bool:
        """Return whether every row originates in a single cell of the grid (rows, columns)."""
        scaled = self.centres[self.located] * torch.tensor(grid, dtype=torch.float32) - 0.5
        return bool(((scaled - scaled.round()).abs() < _CELL_TOLERANCE).all())

    def cells(self, grid: tuple[int, int]) -> Tensor:
        """Return the cell of a grid in which each row's centre lies, int64 [entries, rows]."""
        steps = (self.centres * torch.tensor(grid)).long()
        return steps[..., 0] * grid[1] + steps[..., 1]

    def covers(self, grid: tuple[int, int]) -> bool:
        """Return whether every row lies in a single cell, and every cell has a row."""
        cells = self.cells(grid)[self.located]
        return self.at_cells(grid) and len(set(cells.tolist())) == grid[0] * grid[1]

    def without(self, rows: Tensor) -> TokenOrigins:
        """Return the origins with some rows, bool [entries, rows], no longer located."""
        return TokenOrigins(self.centres, self.located & ~rows, self.whole)


def unlocated(entries: int, rows: int) -> TokenOrigins:
    """Return the origins of rows that originate nowhere.

    Parameters
    ----------
    entries, rows
        Their numbers.

    Returns
    -------
    TokenOrigins
    """
    nowhere = torch.zeros(entries, rows, dtype=torch.bool)
    return TokenOrigins(torch.zeros(entries, rows, 2), nowhere, nowhere)


def responding(response: Tensor) -> Tensor:
    """Return which rows respond at all.

    Parameters
    ----------
    response
        [..., rows, d].

    Returns
    -------
    Tensor
        bool [..., rows].
    """
    total = response.square().sum(-1)
    return total > _MIN_RESPONSE * total.max().clamp_min(_TINY)


def by_proportion(perturb: Perturb, grid: tuple[int, int]) -> list[TokenOrigins]:
    """Locate rows by three perturbations.

    A row from a single cell responds in proportion to the cell's position.

    Parameters
    ----------
    perturb
        Perturbs the map.
    grid
        Rows and columns of the map.

    Returns
    -------
    list of TokenOrigins
        One for each side. Rows that mix several cells are not at a cell, see
        `TokenOrigins.at_cells`; a few of them, beside rows that fill the grid, are not located.
    """
    rows, columns = grid
    down = ((torch.arange(rows) + 0.5) / rows)[:, None].expand(grid)
    across = ((torch.arange(columns) + 0.5) / columns)[None].expand(grid)
    responses = [perturb(code) for code in (torch.ones(grid), down, across)]
    origins = []
    for everywhere, *by_axis in zip(*responses, strict=True):
        located = responding(everywhere)
        total = everywhere.square().sum(-1).where(located, 1)
        positions = [(everywhere * response).sum(-1) / total for response in by_axis]
        rest = sum(
            (response - position[..., None] * everywhere).square().sum(-1)
            for response, position in zip(by_axis, positions, strict=True)
        )
        mixed = (located & (rest / total > _MAX_MIXTURE)).cpu().flatten(0, -2)
        side = _origins(torch.stack(positions, -1), located)
        single = side.without(mixed)
        few = int(mixed.sum(1).max()) <= MAX_PREFIX
        origins.append(single if few and mixed.any() and single.covers(grid) else side)
    return origins


def by_extent(perturb: Perturb, grid: tuple[int, int]) -> list[TokenOrigins]:
    """Locate rows by one perturbation for each row and each column of the map.

    Parameters
    ----------
    perturb, grid
        As for `by_proportion`.

    Returns
    -------
    list of TokenOrigins
        One for each side: the middle of those rows and columns to which a row responds.
    """
    middles: list[list[Tensor]] = []
    located: list[Tensor] = []
    whole: list[Tensor] = []
    for axis, count in enumerate(grid):
        strips = []
        for index in range(count):
            code = torch.zeros(grid)
            code.select(axis, index).fill_(1)
            strips.append([response.square().sum(-1) for response in perturb(code)])
        sides = [torch.stack(side) for side in zip(*strips, strict=True)]
        responds = [side > _MIN_RESPONSE * side.amax(0).clamp_min(_TINY) for side in sides]
        middles.append([_middle(side) / count for side in responds])
        located = [side.any(0) for side in responds]
        ends = [side[0] & side[-1] for side in responds]
        whole = [one & other for one, other in zip(whole, ends, strict=True)] if whole else ends
    return [
        _origins(torch.stack(pair, -1), *flags)
        for *pair, flags in zip(*middles, zip(located, whole, strict=True), strict=True)
    ]


def _middle(responds: Tensor) -> Tensor:
    """The middle of the first and the last True along the first dimension, in its steps."""
    steps = torch.arange(len(responds), device=responds.device)
    steps = steps.view(-1, *[1] * (responds.ndim - 1))
    first = steps.where(responds, len(responds)).amin(0)
    last = steps.where(responds, -1).amax(0)
    return (first + last + 1) / 2


def _origins(centres: Tensor, located: Tensor, whole: Tensor | None = None) -> TokenOrigins:
    centres = centres.where(located[..., None], 0).clamp(0, 1 - 1e-6).float().cpu()
    flags = [torch.zeros_like(located) if whole is None else whole & located, located]
    spread, known = (flag.cpu().flatten(0, -2) for flag in flags)
    return TokenOrigins(centres.flatten(0, -3), known, spread)
