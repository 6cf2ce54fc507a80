"""Self-attention as it was read: rows on demand, from queries and keys.

The [heads, N, N] matrices of all layers are never kept: for ViT-S at 1024 px they would take 4.8 GB
where queries and keys take 151 MB. Whoever needs the weights of some queries asks for their rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class TokenGrid:
    """How tokens lie: `prefix` tokens that are no places, then `rows` x `columns`, row by row.

    The prefix holds class, distillation and register tokens; `class_token` is the index of the
    class token among them, None where the network has none.
    """

    rows: int
    columns: int
    prefix: int = 0
    class_token: int | None = None

    @property
    def tokens(self) -> int:
        """Tokens in all."""
        return self.prefix + self.rows * self.columns

    @property
    def cells(self) -> int:
        """Tokens that are places of the picture."""
        return self.rows * self.columns


@dataclass(frozen=True)
class ContextReading(ABC):
    """The self-attention of one layer for a batch of N inputs; all tensors float32, no graph.

    queries, keys: how the tokens on both sides lie over the network's input. They differ where keys
    are pooled (PVT), or where the class token alone asks (CaiT). heads: number of heads.
    Windows, shifts, blocks and grids are undone here: rows are always over the whole `keys` grid,
    with zeros where a query cannot look.
    """

    layer: str
    queries: TokenGrid
    keys: TokenGrid
    heads: int

    @property
    def has_positions(self) -> bool:
        """Whether keys lie on a grid, so that attention to them is a map."""
        return self.keys.cells > 0

    @abstractmethod
    def rows(self, queries: Tensor) -> Tensor:
        """Attention weights of some queries, [N, heads, len(queries), keys.tokens]; rows sum to 1.

        `queries`: int64 [q], indices of tokens in the `queries` grid, prefix included.
        """

    @abstractmethod
    def gradient_rows(self, queries: Tensor) -> Tensor | None:
        """Derivative of the target's score by those weights, shaped like `rows`; None if not asked.

        Zero where a query cannot look.
        """

    @abstractmethod
    def value_norms(self) -> Tensor | None:
        """Euclidean length of each key's value vector, [N, heads, keys.tokens], None if unknown."""


@dataclass(frozen=True)
class DenseAttention(ContextReading):
    """Every query looks at every key: `softmax(scale * q k^T + bias)`.

    q: [N, heads, queries.tokens, d]. k: [N, heads, keys.tokens, d]. v: [N, heads, keys.tokens, e].
    bias: None, or broadcastable to [N, heads, queries.tokens, keys.tokens]. out_gradient: the
    derivative of the target's score by this layer's `softmax(...) v`,
    [N, heads, queries.tokens, e], or None. norms: lengths of the value vectors where v was not
    kept, [N, heads, keys.tokens].
    """

    q: Tensor
    k: Tensor
    v: Tensor | None
    scale: float
    bias: Tensor | None = None
    out_gradient: Tensor | None = None
    norms: Tensor | None = None

    def rows(self, queries: Tensor) -> Tensor:
        """See `ContextReading`."""
        scores = self.scale * (self.q[:, :, queries] @ self.k.transpose(-2, -1))
        if self.bias is not None:
            bias = self.bias
            scores = scores + (bias[..., queries, :] if bias.shape[-2] > 1 else bias)
        weights: Tensor = scores.softmax(-1)
        return weights

    def gradient_rows(self, queries: Tensor) -> Tensor | None:
        """See `ContextReading`: by the chain rule, d score / d A = (d score / d (A v)) v^T."""
        if self.out_gradient is None or self.v is None:
            return None
        return self.out_gradient[:, :, queries] @ self.v.transpose(-2, -1)

    def value_norms(self) -> Tensor | None:
        """See `ContextReading`."""
        return self.norms if self.v is None else torch.linalg.vector_norm(self.v, dim=-1)


@dataclass(frozen=True)
class SoftMaskReading:
    """A soft mask and what it weighs, for a batch of N inputs; float32, no graph.

    mask: [N, C or 1, h, w] in 0..1; with C channels it chooses features and places jointly.
    trunk: [N, C, h, w], the features before the mask.
    base: [N, C, h, w], what the gated features are added to (the trunk itself for a mask M that
    multiplies by 1 + M), or None for naive gating.
    mask_gradient: derivative of the target's score by the mask, as `mask`; None if not asked for.
    """

    layer: str
    mask: Tensor
    trunk: Tensor
    base: Tensor | None
    mask_gradient: Tensor | None = None


@dataclass(frozen=True)
class FeatureReading:
    """The output of a block, for a batch of N inputs; float32, no graph.

    activation: [N, C, h, w]; gradient: derivative of the target's score by it, or None.
    """

    layer: str
    activation: Tensor
    gradient: Tensor | None = None


@dataclass(frozen=True)
class GateReading:
    """A gate for each channel and what it weighs, for a batch of N inputs; float32, no graph.

    gate: [N, C], absolute: the factor by which each channel is multiplied. features: [N, C, h, w],
    the features before the gate. gate_gradient: derivative of the target's score by the gate, as
    `gate`; None if not asked for.
    """

    layer: str
    gate: Tensor
    features: Tensor
    gate_gradient: Tensor | None = None

    @property
    def has_positions(self) -> bool:
        """Whether the gate weighs a feature map, and not a vector."""
        return self.features.ndim == 4


Reading = SoftMaskReading | GateReading | ContextReading | FeatureReading
