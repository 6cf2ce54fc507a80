"""Attention weighted by the norm of the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.errors import MethodError
from attnviz.methods.base import METHODS, NetworkTraits
from attnviz.methods.context import ContextLayerMethod, Heads, Query, fuse_heads, rows_of_query


@METHODS.add
@dataclass(frozen=True)
class AttentionValueNorm(ContextLayerMethod):
    """Attention times the norm of the value: an attended position may contribute little.

    Values from 0 up, in units of the layer's values. The paper takes the norm of the sum over heads
    after the output projection; here each head's norm is taken before it, so heads can be shown one
    by one and the projection need not be known.

    Parameters
    ----------
    query
        Whose attention, see `Query`.
    heads
        How heads are combined: "mean", "max", "min", or the index of a single head.

    Notes
    -----
    A_qk is the attention of the query to key k, v_k the value of that key.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import DenseAttention, TokenGrid
    >>> weights = torch.tensor([[0.2, 0.5, 0.3], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
    >>> grid = TokenGrid(rows=1, columns=2, prefix=1, class_token=0)
    >>> zeros = torch.zeros(1, 1, 3, 1)  # [N, heads, tokens, d]
    >>> values = torch.tensor([[[[1.0], [1.0], [2.0]]]])
    >>> reading = DenseAttention(
    ...     "block1", grid, grid, 1, zeros, zeros, values, 1.0, weights.log()
    ... )
    >>> AttentionValueNorm().layer_map(reading)
    tensor([[[0.5000, 0.6000]]])
    """

    query: Query = "class"
    heads: Heads = "mean"

    name: ClassVar[str] = "attention-value-norm"
    title: ClassVar[str] = "Attention x length of the values"
    paper: ClassVar[str] = "Kobayashi et al., EMNLP 2020, arXiv 2004.10102"
    formula: ClassVar[str] = "A_qk ||v_k||, mean over heads"
    needs: ClassVar[str] = "self-attention whose values can be read"

    @classmethod
    def fits(cls, network: NetworkTraits) -> bool:
        """See `Method`; the method also needs the values."""
        return super().fits(network) and network.values

    def layer_map(self, reading: ContextReading) -> Tensor:
        """See `LayerMethod`; raises MethodError if the values could not be read."""
        lengths = reading.value_norms()
        if lengths is None:
            raise MethodError(
                f"{self.name} needs the values of {reading.layer}, and they could not be read. "
                "Choose raw-attention for it."
            )

        def rows(queries: Tensor) -> Tensor:
            weighed = reading.rows(queries) * lengths[:, :, None]
            return fuse_heads(weighed, self.heads)

        return rows_of_query(reading, self.query, rows)
