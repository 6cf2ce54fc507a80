"""Attention on which the heads of neighbouring layers agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.methods.base import METHODS
from attnviz.methods.context import ContextMethod, Query, rows_of_query
from attnviz.methods.smoothing import smoothed

# Standard deviation of the smoothing, as a share of the grid's shorter side: 0.7 of 28 cells.
_SMOOTHING = 1 / 40
# Heads that vary by less, as a share of their length, are even but for rounding.
_FLAT = 1e-5


@METHODS.add
@dataclass(frozen=True)
class HeadConsensus(ContextMethod):
    """Attention times the norm of the value, of the heads that agree in a third of the layers.

    A layer's map is made of the heads of that layer and of those before it, as many layers as a
    third of the network has. Each head counts by the square of its correlation with the mean of all
    these heads; heads that disagree with it do not count. The result is slightly smoothed. Values
    from 0 up, as those of attention.

    In networks that learned without labels single layers and heads attend to a few patches each,
    and not all of them to things; together they cover the things. Measured on DINOv2
    (docs/objects.md).

    Parameters
    ----------
    query
        Whose attention, see `Query`; the mean of all positions where there is no class token.

    Notes
    -----
    H_k is attention times the norm of the value in one head, over the mean norm in its layer, and
    r_k its correlation with the mean of all H. Heads on other grids are resized to the layer's.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import DenseAttention, TokenGrid
    >>> weights = torch.tensor([[[0.3, 0.1]], [[0.1, 0.3]], [[0.6, 0.2]]])  # [heads, q, k]
    >>> reading = DenseAttention(
    ...     "block1", TokenGrid(0, 0, 1, 0), TokenGrid(1, 2), 3, torch.zeros(1, 3, 1, 1),
    ...     torch.zeros(1, 3, 2, 1), None, 1.0, weights.log()[None], norms=torch.ones(1, 3, 2),
    ... )
    >>> HeadConsensus().maps([reading])[0]  # the second head disagrees
    tensor([[[0.7500, 0.2500]]])
    """

    query: Query = "class"

    name: ClassVar[str] = "head-consensus"
    title: ClassVar[str] = "Attention on which heads agree"
    paper: ClassVar[str] = "attnviz; norms of values after Kobayashi et al., EMNLP 2020"
    formula: ClassVar[str] = "sum over heads of r_k^2 H_k / sum of r_k^2, r_k > 0"

    def maps(self, readings: Sequence[ContextReading]) -> Sequence[Tensor]:
        """See `TraceMethod`."""
        heads = [self._heads(reading) for reading in readings]
        third = math.ceil(len(heads) / 3)
        return [
            _agreed(heads[max(0, index + 1 - third) : index + 1], readings[index])
            for index in range(len(heads))
        ]

    def _heads(self, reading: ContextReading) -> Tensor:
        """Attention of each head times the relative norm of the values, [N, heads, h, w]."""
        norms = reading.value_norms()
        if norms is not None:
            mean = norms[..., reading.keys.prefix :].mean((1, 2), keepdim=True)
            norms = torch.where(mean > 0, norms / mean, 1)[:, :, None]

        def rows(queries: Tensor) -> Tensor:
            weights = reading.rows(queries)
            return (weights if norms is None else weights * norms).flatten(0, 1)

        maps = rows_of_query(reading, self.query, rows)
        return maps.reshape(-1, reading.heads, *maps.shape[1:])


def _agreed(heads: Sequence[Tensor], reading: ContextReading) -> Tensor:
    """The map [N, h, w] of the heads that agree, on the layer's own grid."""
    size = reading.keys.rows, reading.keys.columns
    together = torch.cat([_resized(one, size) for one in heads], 1)
    weights = _correlations(together).clamp_min(0) ** 2
    # Where no head agrees with the mean (all of them are flat) all count alike.
    total = weights.sum(1, keepdim=True)
    weights = torch.where(total > 0, weights / total, 1 / weights.shape[1])
    agreed = (weights[..., None, None] * together).sum(1, keepdim=True)
    return smoothed(agreed, _SMOOTHING * min(size))[:, 0]


def _resized(heads: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps on another grid, with the attention of a cell shared among those that it covers."""
    if heads.shape[-2:] == size:
        return heads
    cells = heads.shape[-2] * heads.shape[-1] / (size[0] * size[1])
    return cells * F.interpolate(heads, size, mode="bilinear", antialias=True)


def _correlations(heads: Tensor) -> Tensor:
    """Pearson correlation of each head [N, K, h, w] with the mean of all, [N, K]; 0 if flat."""
    flat = heads.flatten(2)
    centred = flat - flat.mean(-1, keepdim=True)
    centred = torch.where(_length(centred) > _FLAT * _length(flat), centred, 0)
    mean = centred.mean(1, keepdim=True)
    lengths = (_length(centred) * _length(mean))[..., 0]
    return torch.where(lengths > 0, (centred * mean).sum(-1) / lengths, 0)


def _length(vectors: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return length
