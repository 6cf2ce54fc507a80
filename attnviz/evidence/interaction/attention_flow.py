"""Attention flow between the regions of a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from attnviz.capture.readings import ContextReading, TokenGrid
from attnviz.errors import EvidenceError
from attnviz.methods.context import fuse_heads, places
from attnviz.methods.through_layers import carried_down, moved, tokens_of
from attnviz.types import DoubleArray, IntArray


def region_flow(readings: Sequence[ContextReading], labels: IntArray) -> DoubleArray:
    """Compute attention rollout between regions.

    `G_ab = mean over tokens i in a of the sum over tokens j in b of R_ij`, with R the product of
    all layers' (A + I) / 2 with rows normalised to sum 1, heads averaged: what the positions of a
    gather from those of b. It is not specific to a class. Class, distillation and register tokens
    are neither rows nor columns; what passes through them counts, and what starts in them is what a
    row lacks to 1. A token on a border counts for each region by its share of the area.

    Parameters
    ----------
    readings : sequence of ContextReading
        Self-attention of one picture, in forward order.
    labels : int64 [h, w]
        Region of each input pixel, numbered from 0 without gaps.

    Returns
    -------
    float64 [n, n] in 0..1

    Raises
    ------
    EvidenceError
        If no layer attends to positions, or a region covers no part of any token.

    References
    ----------
    Abnar & Zuidema, "Quantifying attention flow in transformers", ACL 2020.
    """
    layers = [reading for reading in readings if reading.has_positions]
    if not layers:
        raise EvidenceError(
            "The network has no self-attention to positions, so no attention flows between regions."
        )
    last, first = tokens_of(layers[-1]), tokens_of(layers[0])
    begin = _shares(labels, last)
    weight = begin.sum(1, keepdim=True)
    if not bool((weight > 0).all()):
        raise EvidenceError("A region of the picture contains no token. Choose fewer regions.")
    state = torch.cat([begin.new_zeros(len(begin), last.prefix), begin / weight], 1)
    carried = carried_down(layers, state, _mean_rows, normalise=True)[0].cpu()
    gathered = places(carried, first)
    flow = gathered.flatten(1).double() @ _shares(labels, first).double().T
    return np.asarray(flow.numpy(), dtype=np.float64)


def _mean_rows(reading: ContextReading, queries: Tensor) -> Tensor:
    """Attention rows averaged over the heads."""
    return fuse_heads(reading.rows(queries), "mean")


def _shares(labels: IntArray, grid: TokenGrid) -> Tensor:
    """Share of each cell in each region: float32 [regions, cells], columns sum to 1."""
    height, width = labels.shape
    count = int(labels.max()) + 1
    masks = torch.from_numpy(labels.ravel()[None] == np.arange(count)[:, None]).float()
    cells = moved(masks, TokenGrid(height, width), TokenGrid(grid.rows, grid.columns))
    return cells / cells.sum(0)
