"""Which token a network classifies: a class token, found by its name or by what the logits read.

Names come first: many networks have a class token and classify the mean of all tokens all the same.
Where no name tells it, the gradients do. After the last attention no other token is read than the
one that is classified, so the rows of all others have no influence on the logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.picture_trace import stepping_aside
from attnviz.capture.readings import ContextReading, TokenGrid
from attnviz.capture.run import capture
from attnviz.capture.site import Site
from attnviz.capture.token_geometry import TokenGeometry

_NAMES = ("cls_token", "class_token", "class_embedding", "cls_embedding")
_MAX_PATCHES = 256  # whose rows are looked at; if any patch is read, most are
_NO_INFLUENCE = 1e-6


def mark_class_token(module: nn.Module, example: Tensor, sites: Sequence[Site]) -> tuple[Site, ...]:
    """Mark the class token in the grids of self-attention that has tokens without a position.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [1, C, H, W], an input that the network accepts.
    sites
        Its self-attention, in order, with geometries.

    Returns
    -------
    tuple of Site
        The same sites, with `class_token` set in their grids if the network has one.
    """
    grids = [site.geometry.queries for site in sites if site.geometry is not None]
    prefix = max((grid.prefix for grid in grids if grid.cells), default=0)
    token = 0 if _is_named(module) else None
    if prefix > 1 or (prefix and token is None):
        read = _token_read(module, example, sites)
        token = token if read is None else read
    if token is None:
        return tuple(sites)
    return tuple(
        site if site.geometry is None else replace(site, geometry=_marked(site.geometry, token))
        for site in sites
    )


def _is_named(module: nn.Module) -> bool:
    return any(name.rpartition(".")[2].lower() in _NAMES for name, _ in module.named_parameters())


def _token_read(module: nn.Module, example: Tensor, sites: Sequence[Site]) -> int | None:
    """Index of the one token without a position on which the logits depend; None if patches do."""
    reading: ContextReading | None = None
    with stepping_aside():  # without gradients, only a name can tell it
        reading = capture(module, example, sites[-1:], gradients=True).context[0]
    if reading is None or not reading.queries.prefix or not reading.queries.cells:
        return None
    grid = reading.queries
    patches = torch.arange(grid.prefix, grid.tokens)
    asking = torch.cat((torch.arange(grid.prefix), patches[:: -(-len(patches) // _MAX_PATCHES)]))
    gradients = reading.gradient_rows(asking)
    if gradients is None:
        return None
    influence = gradients.abs().amax((0, 1, 3))
    read = (influence > _NO_INFLUENCE * influence.max()).nonzero().flatten().tolist()
    return read[0] if read and read[-1] < grid.prefix else None


def _marked(geometry: TokenGeometry, token: int) -> TokenGeometry:
    sides = (_with_token(geometry.queries, token), _with_token(geometry.keys, token))
    return replace(geometry, queries=sides[0], keys=sides[1])


def _with_token(grid: TokenGrid, token: int) -> TokenGrid:
    return replace(grid, class_token=token) if grid.cells and token < grid.prefix else grid
