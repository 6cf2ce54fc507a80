"""Which of a network's sequences are positions of the picture, one after the other.

A sequence of as many tokens as a grid has cells may as well be learned queries, or patches that are
numbered otherwise. So each is traced back to the picture. What was placed on a wide grid is on a
narrower one, so that inputs of another size need not be traced again: patches that are numbered
window by window are in order only where no row of the grid is wider than a window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.call_tree import ModuleCall, all_calls
from attnviz.capture.discovery.chosen_tokens import chosen_tokens
from attnviz.capture.discovery.picture_trace import (
    OutputKey,
    PictureTrace,
    PlacedTensor,
    stepping_aside,
)
from attnviz.capture.discovery.structure import StructureCache, build_key
from attnviz.capture.discovery.token_origins import TokenOrigins
from attnviz.capture.grids import is_spatial_grid
from attnviz.capture.hooks.state_guard import state_guard

Grids = dict[OutputKey, tuple[int, int]]


@dataclass(frozen=True)
class _Shape:
    """What a sequence has in common for inputs of all sizes.

    Attributes
    ----------
    source
        The convolution whose map it is made from, and index among its calls; None for the picture.
    merged
        Whether its grid is another than that map's.
    prefix
        Number of tokens before the grid.
    first
        Whether the tokens lie along the first dimension.
    """

    source: tuple[str | None, int] | None
    merged: bool
    prefix: int
    first: bool


_PLACED = StructureCache[dict[tuple[OutputKey, _Shape], int]]()  # columns of the widest grid


def placed_sequences(
    module: nn.Module, example: Tensor, network: ModuleCall, grids: Grids
) -> set[OutputKey]:
    """Return which outputs end with the cells of a grid over the picture, row by row.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [1, C, H, W], an input that the network accepts.
    network
        The calls of a pass.
    grids
        Name and index of the calls that return sequences, and the grids that they should be.

    Returns
    -------
    set
        Those outputs that are. Where nothing responds to the picture nothing is known, and all of
        them are returned.
    """
    size = (example.shape[-2], example.shape[-1])
    sources = _sources(network, size)
    shapes = _shapes(network, sources, grids)
    built = build_key(module, example)
    widest = _PLACED.get(module, built) or {}
    if all(grid[1] <= widest.get((key, shapes[key]), 0) for key, grid in grids.items()):
        return set(grids)
    misplaced: set[OutputKey] = set()
    responding: set[OutputKey] = set()
    with stepping_aside(), state_guard(module), torch.inference_mode(False), torch.no_grad():
        for source in {sources[key] for key in grids}:
            keys = [key for key in grids if sources[key] == source]
            known, elsewhere = _traced(module, example, source, keys, grids)
            responding |= known
            misplaced |= elsewhere
    wider = {
        (key, shapes[key]): max(grids[key][1], widest.get((key, shapes[key]), 0))
        for key in responding - misplaced
        if grids[key][0] > 1  # a single row is in order however patches are numbered
    }
    _PLACED.store(module, built, widest | wider)
    return (responding or set(grids)) - misplaced


def _shapes(
    network: ModuleCall, sources: dict[OutputKey, PlacedTensor | None], grids: Grids
) -> dict[OutputKey, _Shape]:
    shapes = {}
    for call in all_calls(network):
        key = call.name, call.index
        if key in grids:
            source = sources[key]
            tokens = math.prod(call.output_shape[:-1])
            shapes[key] = _Shape(
                None if source is None else (source.module, source.call),
                source is not None and source.grid != grids[key],
                tokens - math.prod(grids[key]),
                call.output_shape[0] != 1,
            )
    return shapes


def _traced(
    module: nn.Module, example: Tensor, source: PlacedTensor | None, keys: list[OutputKey],
    grids: Grids,
) -> tuple[set[OutputKey], set[OutputKey]]:  # fmt: skip
    """Those outputs that respond to the source, and those of its grid that are not in order."""
    trace = PictureTrace(module, example, source or PlacedTensor((1, 1)), keys)
    keys = [key for key in keys if any(side.any() for side in trace.responses.get(key, ()))]
    misplaced: set[OutputKey] = set()
    for grid in {grids[key] for key in keys}:
        if source is None or source.grid == grid:
            equal = [key for key in keys if grids[key] == grid]
            for key, (rows,) in zip(equal, trace.origins(equal, grid), strict=True):
                if not _in_order(rows, grid):
                    misplaced.add(key)
    doubtful = [key for key in keys if key in trace.after_choice and key not in misplaced]
    chosen = chosen_tokens(module, example, doubtful)
    return set(keys), misplaced | {key for key in doubtful if key in chosen}


def _in_order(rows: TokenOrigins, grid: tuple[int, int]) -> bool:
    """Whether the last rows are the cells of a grid, or are not made from single cells."""
    if not rows.at_cells(grid):
        return True
    count = math.prod(grid)
    in_order = torch.equal(rows.cells(grid)[0, -count:], torch.arange(count))
    return in_order and bool(rows.located[0, -count:].all())


def _sources(network: ModuleCall, size: tuple[int, int]) -> dict[OutputKey, PlacedTensor | None]:
    """For each call the last map of a convolution from which its input was made.

    That is the last one before the outermost of the calls around it that begins after any. None
    where there is none: then it was made from the picture.
    """
    maps: list[PlacedTensor] = []
    sources: dict[OutputKey, PlacedTensor | None] = {}

    def walk(call: ModuleCall, source: PlacedTensor | None) -> None:
        source = source or (maps[-1] if maps else None)
        for child in call.children:
            walk(child, source)
        sources[call.name, call.index] = source or (maps[-1] if maps else None)
        grid = call.output_shape[2:]
        if isinstance(call.module, nn.Conv2d) and is_spatial_grid(grid, size):
            maps.append(PlacedTensor((grid[0], grid[1]), call.name, call.index))

    walk(network, None)
    return sources
