"""One token is changed before each layer that attends: it alone asks and is seen otherwise.

That the picture's places are those of the first layers' tokens is asserted in `test_places`.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.readings import ContextReading, TokenGrid
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Site
from tests.capture.families import CONTEXT
from tests.capture.traces import made, sites_of

# Rows and columns in 0..1, even ones of 16, for queries that stride ask from those alone.
SPOTS = ((0.3, 0.8), (0.8, 0.15))
BATCH = 1 + len(SPOTS)  # the first is left as it is
MOST_PREFIX = 8  # class, distillation and register tokens

Shapes = dict[str, list[tuple[int, ...]]]


def cells_of(grid: TokenGrid) -> list[tuple[int, int]]:
    return [(int(y * grid.rows), int(x * grid.columns)) for y, x in SPOTS]


def shapes_given(module: nn.Module, inputs: Tensor) -> Shapes:
    """The shapes of the tensors that each module is given, by its name."""
    found: Shapes = {}
    handles = []
    for name, part in module.named_modules():

        def see(_m: nn.Module, args: tuple[object, ...], name: str = name) -> None:
            found.setdefault(name, [tuple(a.shape) for a in args if isinstance(a, Tensor)])

        handles.append(part.register_forward_pre_hook(see))
    with torch.no_grad():
        module(inputs)
    for handle in handles:
        handle.remove()
    return found


def views(values: Tensor, grid: TokenGrid, batch: int) -> list[Tensor] | None:
    """For each spot what lies there in `values`, to be changed; None if they are no whole map.

    They are tokens [batch, prefix + cells, C], a map [batch, h, w, C] or [batch, C, h, w], or the
    tokens of MobileViT, which attend among equal places of patches of 2 x 2 cells: [batch x 4,
    cells / 4, C].
    """
    cells, shape = cells_of(grid), tuple(values.shape)
    if len(shape) == 3 and shape[0] == batch and 0 <= shape[1] - grid.cells <= MOST_PREFIX:
        first = shape[1] - grid.cells
        return [values[i, first + y * grid.columns + x] for i, (y, x) in enumerate(cells, 1)]
    if len(shape) == 3 and shape[:2] == (4 * batch, grid.cells // 4):
        return [
            values[4 * i + 2 * (y % 2) + x % 2, y // 2 * (grid.columns // 2) + x // 2]
            for i, (y, x) in enumerate(cells, 1)
        ]
    if len(shape) == 4 and shape[0] == batch:
        for first in (1, 2):
            step = shape[first] // grid.rows  # more than 1 before a layer that strides
            if shape[first : first + 2] == (step * grid.rows, step * grid.columns) and step:
                maps = values.movedim((first, first + 1), (1, 2))
                return [
                    maps[i, y * step : (y + 1) * step, x * step : (x + 1) * step]
                    for i, (y, x) in enumerate(cells, 1)
                ]
    return None


def entrance(site: Site, shapes: Shapes, grid: TokenGrid) -> str:
    """The module, the site's own or the nearest around it, that is given the map undivided."""
    name = site.module
    while name:
        given = shapes.get(name, [])
        # Where the site is given queries, keys and values apart, one of them would be marked.
        apart = name == site.module and len(given) > 1
        if given and not apart and views(torch.empty(given[0]), grid, BATCH) is not None:
            return name
        name = name.rpartition(".")[0]
    raise AssertionError(f"{site.layer} lies in no module that is given its map")


def odds_moved(before: Tensor, after: Tensor) -> Tensor:
    """How much each weight [heads, T, S] changed beside the others of its row, [T, S].

    A changed key changes one weight of a row and the sum by which all are divided; so the odds of
    all others stay as they were. 0 where nothing is seen.
    """
    seen = (before > 1e-30) & (after > 1e-30)  # masks of -100 leave something
    ratio = (after.log() - before.log()).where(seen, torch.nan)
    moved = (ratio - ratio.nanmedian(-1, keepdim=True).values).abs()
    return moved.nan_to_num(0).amax(0)


def changed(profile: Tensor) -> list[int]:
    """The tokens [tokens] with more than a twentieth of the greatest change."""
    strong: list[int] = (profile > 0.05 * profile.max()).nonzero().flatten().tolist()
    return strong


def token_of(cell: tuple[int, int], grid: TokenGrid, other: TokenGrid) -> int:
    """The token of `other` in which a cell of the finer `grid` lies."""
    row, column = cell[0] * other.rows // grid.rows, cell[1] * other.columns // grid.columns
    return other.prefix + row * other.columns + column


def read_marked(
    module: nn.Module, inputs: Tensor, site: Site, part: nn.Module, grid: TokenGrid
) -> ContextReading:
    """The layer's attention where what `part` is given has been changed at each spot."""

    def mark(_m: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        values = args[0].clone()
        for number, view in enumerate(views(values, grid, BATCH) or []):
            random = torch.Generator().manual_seed(number)
            view += torch.randn(view.shape, generator=random) * values.std()
        return (values, *args[1:])

    handle = part.register_forward_pre_hook(mark)
    try:
        return capture(module, inputs, [site]).context[0]
    finally:
        handle.remove()  # the networks are shared among tests


def assert_moved(moved: Tensor, asks: int | None, seen: int) -> None:
    """Odds [T, S] moved for the one query `asks`, and for all others by the one key `seen`."""
    others = torch.ones(len(moved), dtype=torch.bool)
    if asks is not None:
        assert changed(moved[:, torch.arange(moved.shape[1]) != seen].amax(1)) == [asks]
        others[asks] = False
    assert changed(moved[others].amax(0)) == [seen]


@pytest.mark.parametrize("name", CONTEXT)
def test_a_changed_token_asks_and_is_seen_otherwise_and_no_other_does(name: str) -> None:
    module, inputs = made(name), CONTEXT[name].inputs(1).expand(BATCH, -1, -1, -1).clone()
    shapes = shapes_given(module, inputs)
    for site in (one for one in sites_of(name) if one.kind is Kind.CONTEXT):
        assert site.geometry is not None
        queries, keys = site.geometry.queries, site.geometry.keys
        grid = max(queries, keys, key=lambda one: one.cells)
        part = module.get_submodule(entrance(site, shapes, grid))
        reading = read_marked(module, inputs, site, part, grid)
        rows, norms = reading.rows(torch.arange(queries.tokens)), reading.value_norms()
        for number, cell in enumerate(cells_of(grid), 1):
            seen = token_of(cell, grid, keys)
            if norms is not None:
                assert changed((norms[number] - norms[0]).abs().amax(0)) == [seen]
            if int((rows[0] > 0).sum(-1).min()) > 2:  # of two odds none says which has changed
                asks = token_of(cell, grid, queries) if queries.cells else None
                assert_moved(odds_moved(rows[0], rows[number]), asks, seen)
