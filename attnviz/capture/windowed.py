"""Attention inside windows, given as rows over the whole grid."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from attnviz.capture.self_attention import ContextReading
from attnviz.capture.tokens import TokenGeometry


@dataclass(frozen=True)
class WindowedAttention(ContextReading):
    """Every query looks at the keys of its window; windows may be shifted, scattered or overlap.

    geometry: which token each row of each window is. norms: length of each key's value vector,
    [N, entries, S], or None. What a query gives to padding outside the picture is left out of its
    row, which is made to sum to 1 again.
    """

    geometry: TokenGeometry
    norms: Tensor | None

    @abstractmethod
    def _weights(self, entries: Tensor) -> Tensor:
        """Weights [N, len(entries), T, S] of some leading entries of the call."""

    @abstractmethod
    def _gradients(self, entries: Tensor) -> Tensor | None:
        """Derivative of the target's score by those weights."""

    def rows(self, queries: Tensor) -> Tensor:
        """See `ContextReading`."""
        windows, which = self._windows(queries)
        rows = self._over_grid(self._weights(self._entries(windows)), windows, which)
        if bool((self.geometry.key_cells < 0).any()):
            rows = rows / rows.sum(-1, keepdim=True).clamp_min(torch.finfo(rows.dtype).tiny)
        return rows

    def gradient_rows(self, queries: Tensor) -> Tensor | None:
        """See `ContextReading`."""
        windows, which = self._windows(queries)
        gradients = self._gradients(self._entries(windows))
        return None if gradients is None else self._over_grid(gradients, windows, which)

    def value_norms(self) -> Tensor | None:
        """See `ContextReading`."""
        if self.norms is None:
            return None
        cells = self.geometry.key_cells
        count, window = len(self.norms), torch.arange(len(cells))
        norms = self.norms[:, self._entries(window)]
        norms = norms.reshape(count, len(cells), self.heads, -1)
        found = norms.new_zeros(count, self.heads, self.keys.tokens + 1)  # the last: padding
        target = cells.where(cells >= 0, self.keys.tokens).flatten().to(norms.device)
        found[..., target] = norms.transpose(1, 2).flatten(2)
        lengths: Tensor = found[..., :-1]
        return lengths

    @cached_property
    def _places(self) -> Tensor:
        return self.geometry.places()

    def _windows(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        """The windows in which some queries stand, and for each query its row in these windows."""
        places = self._places[queries.cpu()]
        length = self.geometry.query_cells.shape[1]
        windows, which = torch.unique(places // length, return_inverse=True)
        return windows, which * length + places % length

    def _entries(self, windows: Tensor) -> Tensor:
        return self.geometry.table[windows].flatten()

    def _over_grid(self, inside: Tensor, windows: Tensor, which: Tensor) -> Tensor:
        """[N, windows x heads, T, S] -> [N, heads, queries, keys.tokens]."""
        shape = (len(inside), len(windows), self.heads, *inside.shape[2:])
        inside = inside.reshape(shape).transpose(1, 2).flatten(2, 3)
        which = which.to(inside.device)
        picked = inside[:, :, which]
        cells = self.geometry.key_cells[windows].to(inside.device)
        cells = cells.where(cells >= 0, self.keys.tokens)
        target = cells[which // self.geometry.query_cells.shape[1]]
        places = self.keys.tokens + 1  # the last takes what goes to padding
        spread = picked.new_zeros((*picked.shape[:-1], places))
        spread.scatter_add_(-1, target.expand_as(picked), picked)
        return spread[..., :-1]


@dataclass(frozen=True)
class KeptWeights(WindowedAttention):
    """The weights as the network computed them: [N, entries, T, S]; their gradient alike."""

    weights: Tensor
    weights_gradient: Tensor | None = None

    def _weights(self, entries: Tensor) -> Tensor:
        return self.weights[:, entries]

    def _gradients(self, entries: Tensor) -> Tensor | None:
        return None if self.weights_gradient is None else self.weights_gradient[:, entries]


@dataclass(frozen=True)
class WindowedProducts(WindowedAttention):
    """Queries and keys of fused attention: `softmax(scale * q k^T + bias)` in each entry.

    q: [N, entries, T, d]. k: [N, entries, S, d]. v: [N, entries, S, e], kept for gradients only.
    bias: [N or 1, entries or 1, T or 1, S] or None. out_gradient: [N, entries, T, e] or None.
    """

    q: Tensor
    k: Tensor
    scale: float
    bias: Tensor | None = None
    v: Tensor | None = None
    out_gradient: Tensor | None = None

    def _weights(self, entries: Tensor) -> Tensor:
        scores = self.scale * (self.q[:, entries] @ self.k[:, entries].transpose(-2, -1))
        if self.bias is not None:
            one = self.bias.shape[1] == 1
            scores = scores + (self.bias if one else self.bias[:, entries])
        weights: Tensor = scores.softmax(-1)
        return weights

    def _gradients(self, entries: Tensor) -> Tensor | None:
        if self.out_gradient is None or self.v is None:
            return None
        return self.out_gradient[:, entries] @ self.v[:, entries].transpose(-2, -1)
