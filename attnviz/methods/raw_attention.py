"""The attention of each layer, as computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.methods.base import METHODS
from attnviz.methods.context import ContextLayerMethod, Heads, Query, fuse_heads, rows_of_query


@METHODS.add
@dataclass(frozen=True)
class RawAttention(ContextLayerMethod):
    """The weights with which one query attends to all positions, in each layer by itself.

    Values in 0..1. With heads combined by their mean, or a single head, a map sums to 1 less the
    weight of tokens without a position. Mixing by earlier layers is not followed: see `rollout`.

    Parameters
    ----------
    query
        Whose attention, see `Query`; the mean of all positions where there is no class token.
    heads
        How heads are combined: "mean", "max", "min", or the index of a single head.

    Notes
    -----
    A_q is the attention of the query q, K are the keys, d is their size.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import DenseAttention, TokenGrid
    >>> weights = torch.tensor([[0.2, 0.5, 0.3], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
    >>> grid = TokenGrid(rows=1, columns=2, prefix=1, class_token=0)
    >>> zeros = torch.zeros(1, 1, 3, 1)  # [N, heads, tokens, d]
    >>> values = torch.eye(3)[None, None]
    >>> reading = DenseAttention(
    ...     "block1", grid, grid, 1, zeros, zeros, values, 1.0, weights.log()
    ... )
    >>> RawAttention().layer_map(reading)
    tensor([[[0.5000, 0.3000]]])
    """

    query: Query = "class"
    heads: Heads = "mean"

    name: ClassVar[str] = "raw-attention"
    title: ClassVar[str] = "Attention of the layer"
    paper: ClassVar[str] = "Vaswani et al., NeurIPS 2017, arXiv 1706.03762"
    formula: ClassVar[str] = "A_q = softmax(q K^T / sqrt(d)), mean over heads"

    def layer_map(self, reading: ContextReading) -> Tensor:
        """See `LayerMethod`."""

        def rows(queries: Tensor) -> Tensor:
            return fuse_heads(reading.rows(queries), self.heads)

        return rows_of_query(reading, self.query, rows)
