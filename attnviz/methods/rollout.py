"""Attention rollout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.errors import MethodError
from attnviz.methods.base import METHODS
from attnviz.methods.context import ContextMethod, Heads, Query, fuse_heads
from attnviz.methods.through_layers import through_layers


@METHODS.add
@dataclass(frozen=True)
class Rollout(ContextMethod):
    """Attention multiplied through all layers, with half of each token on the skip connection.

    The map of layer l is the rollout up to l, on the first layer's grid; values in 0..1, with a sum
    of at most 1. It explains no class and becomes even with depth. The paper does not cover grids
    that differ, nor layers whose only query is the class token: `through_layers` describes how they
    are handled.

    Parameters
    ----------
    query
        Whose attention, see `Query`.
    heads
        How heads are combined: "mean" as in the paper, "max", "min", or the index of a single head.
    discard
        Share of each row's weights that is set to 0 first, the smallest ones, from 0 to below 1. It
        is not in the paper but in widely used code, which takes the share of the whole matrix; here
        it is of each row, so no matrix is needed. The weight of a class token is never discarded.

    Notes
    -----
    A is the attention with its heads combined, I the identity.

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
    >>> Rollout().maps([reading])[0]
    tensor([[[0.2500, 0.1500]]])
    """

    query: Query = "class"
    heads: Heads = "mean"
    discard: float = 0.0

    name: ClassVar[str] = "rollout"
    title: ClassVar[str] = "Attention rollout"
    paper: ClassVar[str] = "Abnar & Zuidema, ACL 2020, arXiv 2005.00928"
    formula: ClassVar[str] = "A'_l ... A'_1, A' = rows of (A + I) / 2 brought to sum 1"

    def __post_init__(self) -> None:
        if not 0 <= self.discard < 1:
            raise MethodError(f"discard is {self.discard:g}; it must be at least 0 and below 1.")

    def maps(self, readings: Sequence[ContextReading]) -> Sequence[Tensor]:
        """See `TraceMethod`."""
        return through_layers(readings, self.query, self._rows, normalise=True)

    def _rows(self, reading: ContextReading, queries: Tensor) -> Tensor:
        weights = fuse_heads(reading.rows(queries), self.heads)
        count = int(self.discard * weights.shape[-1])
        if not count:
            return weights
        dropped = weights.topk(count, dim=-1, largest=False, sorted=False).indices
        thinned = weights.scatter(-1, dropped, 0.0)
        if reading.keys.class_token is not None:
            thinned[..., reading.keys.class_token] = weights[..., reading.keys.class_token]
        return thinned
