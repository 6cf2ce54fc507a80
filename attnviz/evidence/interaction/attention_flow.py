"""How attention flows between regions of a picture."""

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
    """Attention rollout (Abnar & Zuidema, ACL 2020) between regions, float64 [n, n] in 0..1.

    `G_ab = mean over tokens i in a of the sum over tokens j in b of R_ij`, with R the product of
    all layers' (A + I) / 2 with rows brought to sum 1, heads averaged: what the places of a
    gather from those of b. It speaks for no class. Class, distillation and register tokens are no
    rows and no columns; what passes through them on the way counts, and what begins in them is what
    a row lacks to 1. A token on a border counts for each region by the share of its area.

    Args:
        readings: self-attention of one picture, in the order of the pass.
        labels: int64 [h, w] over the whole input, a region's number from 0 without gaps.

    Raises EvidenceError where no layer looks at places, or a region holds no part of any token.
    """
    layers = [reading for reading in readings if reading.has_positions]
    if not layers:
        raise EvidenceError("Attention flows between no places: the network has no self-attention.")
    last, first = tokens_of(layers[-1]), tokens_of(layers[0])
    begin = _shares(labels, last)
    weight = begin.sum(1, keepdim=True)
    if not bool((weight > 0).all()):
        raise EvidenceError("A region of the picture holds no token. Take fewer regions.")
    state = torch.cat([begin.new_zeros(len(begin), last.prefix), begin / weight], 1)
    carried = carried_down(layers, state, _mean_rows, normalise=True)[0].cpu()
    gathered = places(carried, first)
    flow = gathered.flatten(1).double() @ _shares(labels, first).double().T
    return np.asarray(flow.numpy(), dtype=np.float64)


def _mean_rows(reading: ContextReading, queries: Tensor) -> Tensor:
    return fuse_heads(reading.rows(queries), "mean")


def _shares(labels: IntArray, grid: TokenGrid) -> Tensor:
    """Which share of each cell lies in each region: float32 [regions, cells], columns sum to 1."""
    height, width = labels.shape
    count = int(labels.max()) + 1
    masks = torch.from_numpy(labels.ravel()[None] == np.arange(count)[:, None]).float()
    cells = moved(masks, TokenGrid(height, width), TokenGrid(grid.rows, grid.columns))
    return cells / cells.sum(0)
