"""Attention as a layer computed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.methods.base import METHODS
from attnviz.methods.context import ContextLayerMethod, Heads, Query, asked, fuse_heads


@METHODS.add
@dataclass(frozen=True)
class RawAttention(ContextLayerMethod):
    """The weights with which one query looks at all places; of one layer, as they were computed.

    query: whose attention, see `Query`; the mean of all places where there is no class token.
    heads: "mean", "max", "min", or a single head.

    Values in 0..1. With heads fused by mean or a single head, a map sums to 1 less what goes to
    tokens that are no places. Mixing by earlier layers is not followed: see `rollout`.
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

        return asked(reading, self.query, rows)
