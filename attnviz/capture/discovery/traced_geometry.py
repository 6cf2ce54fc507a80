"""Where the tokens of attention are that the modules around it do not tell."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.chosen_tokens import chosen_tokens
from attnviz.capture.discovery.picture_trace import (
    CallKey,
    PictureTrace,
    PlacedTensor,
    stepping_aside,
)
from attnviz.capture.discovery.record_calls import RecordedCall
from attnviz.capture.discovery.structure import StructureCache, build_key
from attnviz.capture.discovery.token_grid import make_geometry, shapes
from attnviz.capture.discovery.token_origins import TokenOrigins, by_extent
from attnviz.capture.grids import is_spatial_grid
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.token_geometry import TokenGeometry

_PICTURE = PlacedTensor((1, 1))
Geometries = dict[CallKey, TokenGeometry | None]
_FITTED = StructureCache[frozenset[Hashable]]()


def traced_geometries(
    module: nn.Module,
    example: Tensor,
    calls: Sequence[RecordedCall],
    probed: Geometries,
) -> Geometries:
    """Find the geometry of calls by tracing their tokens back to the picture.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [1, C, H, W], an input that the network accepts.
    calls
        All its calls of self-attention, in order.
    probed
        What the modules around the calls told, of the calls that are to be traced.

    Returns
    -------
    dict
        The geometry of the traced calls. What was probed is kept if it fits what is traced, or if
        nothing could be traced. None for calls whose keys form no grid over the picture; calls
        whose keys do not depend on it, such as queries among themselves, are missing.
    """
    sources = {call.key: call.source or _PICTURE for call in calls if call.key in probed}
    built = build_key(module, example)
    fitted = _FITTED.get(module, built) or frozenset()
    if all(_as_for_any_size(key, probed[key], sources[key]) in fitted for key in probed):
        return probed
    tracing = _Tracing(module, example, probed)
    known: Geometries = {}
    with stepping_aside(), state_guard(module), torch.inference_mode(False), torch.no_grad():
        for source in dict.fromkeys(sources.values()):
            known |= tracing.of([key for key in probed if sources[key] == source], source)
        left = [key for key in probed if key not in known]
        if left and set(sources.values()) != {_PICTURE}:
            known |= tracing.of(left, _PICTURE)
    fitting = (
        _as_for_any_size(key, geometry, sources[key])
        for key, geometry in known.items()
        if geometry is not None and geometry is probed[key]
    )
    _FITTED.store(module, built, fitted | set(fitting) - {None})
    return known or probed


def _as_for_any_size(
    key: CallKey, geometry: TokenGeometry | None, source: PlacedTensor
) -> Hashable:
    """A call whose tokens fill one grid, and what it has in common for inputs of all sizes.

    Where exactly the tokens of a grid responded to the picture, they do for other sizes. None
    for windows, whose padding depends on the size.
    """
    if geometry is None or not geometry.dense:
        return None
    sides = tuple((side.prefix, side.cells > 0) for side in (geometry.queries, geometry.keys))
    return key, source.module, source.call, geometry.heads, sides


class _Tracing:
    def __init__(self, module: nn.Module, example: Tensor, probed: Geometries) -> None:
        self._module, self._example, self._probed = module, example, probed

    def of(self, keys: Sequence[CallKey], source: PlacedTensor) -> Geometries:
        """Geometry of those calls whose keys respond to a source."""
        trace = PictureTrace(self._module, self._example, source, keys)
        known: Geometries = {}
        by_grid: dict[tuple[int, int], list[CallKey]] = {}
        for key in keys:
            sides = trace.responses.get(key)
            if sides is None or not sides[-1].any():
                continue
            geometry = self._probed[key]
            if geometry is not None and _fits(geometry, sides):
                known[key] = geometry
                continue
            grid = source.grid if source.module else self._patches(sides[-1])
            known[key] = None
            if grid is not None:
                by_grid.setdefault(grid, []).append(key)
        for grid, together in by_grid.items():
            for key, origins in _origins(trace, together, grid):
                known[key] = self._geometry(origins, grid)
        ranked = [key for key, one in known.items() if one and key in trace.after_choice]
        chosen = chosen_tokens(self._module, self._example, ranked)
        return {key: None if key in chosen else one for key, one in known.items()}

    def _geometry(
        self, origins: Sequence[TokenOrigins], grid: tuple[int, int]
    ) -> TokenGeometry | None:
        queries = origins[0] if len(origins) == 2 else None
        size = (self._example.shape[-2], self._example.shape[-1])
        return make_geometry(queries, origins[-1], grid, input_size=size, padded=False)

    def _patches(self, responding: Tensor) -> tuple[int, int] | None:
        """The grid of as many patches of the picture as there are keys that respond to it."""
        count = int(responding.sum(-1).max())
        size = (self._example.shape[-2], self._example.shape[-1])
        return next((grid for grid in shapes(count, size) if is_spatial_grid(grid, size)), None)


def _origins(
    trace: PictureTrace, keys: Sequence[CallKey], grid: tuple[int, int]
) -> Iterator[tuple[CallKey, list[TokenOrigins]]]:
    """What three perturbations tell; more where rows are not made from single cells."""
    spread = []
    for key, sides in zip(keys, trace.origins(keys, grid), strict=True):
        # A few scores are of classes rather than of tokens made from neighbourhoods.
        if len(sides) == 1 or all(side.at_cells(grid) for side in sides):
            yield key, sides
        else:
            spread.append(key)
    if spread:
        yield from zip(spread, trace.origins(spread, grid, by_extent), strict=True)


def _fits(geometry: TokenGeometry, sides: Sequence[Tensor]) -> bool:
    """Whether exactly those rows respond that have a place in the geometry."""
    pairs = [(geometry.query_cells, geometry.queries), (geometry.key_cells, geometry.keys)]
    for (cells, grid), responds in zip(pairs[-len(sides) :], sides, strict=True):
        flat = responds.cpu().flatten(0, -2)
        placed = torch.zeros_like(flat)
        if flat.shape != (geometry.entries, cells.shape[1]):
            return False
        placed[geometry.table] = (cells >= grid.prefix)[:, None].expand(-1, geometry.heads, -1)
        if not torch.equal(placed, flat):
            return False
    return True
