"""What a tap reads at one site: a soft mask, a gate, features, or queries and keys.

The [heads, N, N] matrices of self-attention are never stored for all layers: for ViT-S at 1024 px
they would take 4.8 GB, where queries and keys take 151 MB. Rows of weights are computed on demand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class SoftMaskReading:
    """A soft mask and the features that it weighs; float32, no graph.

    Attributes
    ----------
    layer
        Name of the site.
    mask
        [N, C or 1, h, w] in 0..1; with C channels it selects channels and positions jointly.
    trunk
        [N, C, h, w], the features before the mask.
    base
        [N, C, h, w], what the gated features are added to (the trunk itself for a mask M that
        multiplies by 1 + M), or None for naive gating.
    mask_gradient
        Gradient of the target's score with respect to `mask`, in its shape; None without gradients.
    """

    layer: str
    mask: Tensor
    trunk: Tensor
    base: Tensor | None
    mask_gradient: Tensor | None = None


@dataclass(frozen=True, eq=False)
class FeatureReading:
    """The output of a block; float32, no graph.

    Attributes
    ----------
    layer
        Name of the site.
    activation
        [N, C, h, w].
    gradient
        Gradient of the target's score with respect to `activation`, in its shape; None without
        gradients.
    """

    layer: str
    activation: Tensor
    gradient: Tensor | None = None


@dataclass(frozen=True, eq=False)
class GateReading:
    """A gate for each channel and the features that it weighs; float32, no graph.

    Attributes
    ----------
    layer
        Name of the site.
    gate
        [N, C], the factor by which each channel is multiplied.
    features
        [N, C, h, w], the features before the gate.
    gate_gradient
        Gradient of the target's score with respect to `gate`, in its shape; None without gradients.
    """

    layer: str
    gate: Tensor
    features: Tensor
    gate_gradient: Tensor | None = None

    @property
    def has_positions(self) -> bool:
        """Whether the gate weighs a feature map, not a vector."""
        return self.features.ndim == 4


@dataclass(frozen=True)
class TokenGrid:
    """Order of a sequence of tokens: prefix tokens, then a grid row by row.

    Attributes
    ----------
    rows, columns
        Size of the grid.
    prefix
        Number of tokens without a position: class, distillation and register tokens.
    class_token
        Index of the class token among them; None if the network has none.
    """

    rows: int
    columns: int
    prefix: int = 0
    class_token: int | None = None

    @property
    def tokens(self) -> int:
        """Number of all tokens."""
        return self.prefix + self.rows * self.columns

    @property
    def cells(self) -> int:
        """Number of tokens with a position in the picture."""
        return self.rows * self.columns


@dataclass(frozen=True, eq=False)
class ContextReading(ABC):
    """The self-attention of one layer for a batch of N inputs; float32, no graph.

    Windows, shifts, blocks and grids are undone: rows are always over the whole `keys` grid, with
    zeros where a query cannot attend.

    Attributes
    ----------
    layer
        Name of the site.
    queries, keys
        Grids of the tokens on both sides. They differ where keys are pooled (PVT), or where the
        class token is the only query (CaiT).
    heads
        Number of heads.
    """

    layer: str
    queries: TokenGrid
    keys: TokenGrid
    heads: int

    @property
    def has_positions(self) -> bool:
        """Whether the keys form a grid, so that attention to them is a map."""
        return self.keys.cells > 0

    @abstractmethod
    def rows(self, queries: Tensor) -> Tensor:
        """Compute the attention weights of some queries.

        Parameters
        ----------
        queries
            int64 [q], indices of tokens in the `queries` grid, prefix included.

        Returns
        -------
        Tensor
            float32 [N, heads, q, keys.tokens]; rows sum to 1.
        """

    @abstractmethod
    def gradient_rows(self, queries: Tensor) -> Tensor | None:
        """Compute the gradient of the target's score with respect to those weights.

        Parameters
        ----------
        queries
            int64 [q], indices of tokens in the `queries` grid, prefix included.

        Returns
        -------
        Tensor or None
            float32 [N, heads, q, keys.tokens], zero where a query cannot attend; None if the pass
            computed no gradients.
        """

    @abstractmethod
    def value_norms(self) -> Tensor | None:
        """Compute the Euclidean norm of each key's value vector.

        Returns
        -------
        Tensor or None
            float32 [N, heads, keys.tokens]; None if the values are unknown.
        """


@dataclass(frozen=True, eq=False)
class DenseAttention(ContextReading):
    """Every query attends to every key: `softmax(scale * q k^T + bias)`.

    Attributes
    ----------
    q, k
        [N, heads, queries.tokens, d] and [N, heads, keys.tokens, d].
    v
        [N, heads, keys.tokens, e], or None if only the norms were stored.
    scale, bias
        Of the scores; the bias is broadcastable to [N, heads, queries.tokens, keys.tokens] or None.
    out_gradient
        Gradient of the target's score with respect to `softmax(...) v`, [N, heads, queries.tokens,
        e], or None.
    norms
        Norms of the value vectors, [N, heads, keys.tokens], if `v` was not stored.
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


Reading = SoftMaskReading | GateReading | ContextReading | FeatureReading
