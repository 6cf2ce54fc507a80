"""Attention inside windows, given as rows over the whole grid."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.capture.token_geometry import TokenGeometry


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
    def _weights(self, entries: Tensor, rows: Tensor) -> Tensor:
        """Weights [N, q, heads, S] in leading entries [q, heads] of the call, of a row [q] each."""

    @abstractmethod
    def _gradients(self, entries: Tensor, rows: Tensor) -> Tensor | None:
        """Derivative of the target's score by those weights."""

    def rows(self, queries: Tensor) -> Tensor:
        """See `ContextReading`."""
        windows, which = self._windows(queries)
        rows = self._over_grid(self._weights(self.geometry.table[windows], which), windows)
        if bool((self.geometry.key_cells < 0).any()):
            rows = rows / rows.sum(-1, keepdim=True).clamp_min(torch.finfo(rows.dtype).tiny)
        return rows

    def gradient_rows(self, queries: Tensor) -> Tensor | None:
        """See `ContextReading`."""
        windows, which = self._windows(queries)
        gradients = self._gradients(self.geometry.table[windows], which)
        return None if gradients is None else self._over_grid(gradients, windows)

    def value_norms(self) -> Tensor | None:
        """See `ContextReading`."""
        if self.norms is None:
            return None
        cells, count = self.geometry.key_cells, len(self.norms)
        norms = self.norms[:, self.geometry.table.flatten()]
        norms = norms.reshape(count, len(cells), self.heads, -1)
        found = norms.new_zeros(count, self.heads, self.keys.tokens + 1)  # the last: padding
        target = cells.where(cells >= 0, self.keys.tokens).flatten().to(norms.device)
        found[..., target] = norms.transpose(1, 2).flatten(2)
        lengths: Tensor = found[..., :-1]
        return lengths

    @cached_property
    def _places(self) -> Tensor:
        return self.geometry.query_positions()

    @cached_property
    def _whole(self) -> bool:
        """Whether the keys of a row are all tokens in their order."""
        return self.geometry.dense

    def _windows(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        """The window in which each query stands, and its row there."""
        places = self._places[queries.cpu()]
        length = self.geometry.query_cells.shape[1]
        return places // length, places % length

    def _over_grid(self, inside: Tensor, windows: Tensor) -> Tensor:
        """[N, q, heads, S] of queries in `windows` [q] -> [N, heads, q, keys.tokens]."""
        inside = inside.transpose(1, 2)
        if self._whole:
            return inside
        cells = self.geometry.key_cells[windows].to(inside.device)
        cells = cells.where(cells >= 0, self.keys.tokens)
        places = self.keys.tokens + 1  # the last takes what goes to padding
        spread = inside.new_zeros((*inside.shape[:-1], places))
        spread.scatter_add_(-1, cells.expand_as(inside), inside)
        return spread[..., :-1]


@dataclass(frozen=True)
class StoredWeights(WindowedAttention):
    """The weights as the network computed them: [N, entries, T, S]; their gradient alike."""

    weights: Tensor
    weights_gradient: Tensor | None = None

    def _weights(self, entries: Tensor, rows: Tensor) -> Tensor:
        return self.weights[:, entries, rows[:, None]]

    def _gradients(self, entries: Tensor, rows: Tensor) -> Tensor | None:
        slopes = self.weights_gradient
        return None if slopes is None else slopes[:, entries, rows[:, None]]


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

    def _weights(self, entries: Tensor, rows: Tensor) -> Tensor:
        used, which = torch.unique(entries, return_inverse=True)
        scores = self.scale * (self.q[:, used] @ self.k[:, used].transpose(-2, -1))
        if self.bias is not None:
            scores = scores + (self.bias if self.bias.shape[1] == 1 else self.bias[:, used])
        return scores.softmax(-1)[:, which, rows[:, None]]

    def _gradients(self, entries: Tensor, rows: Tensor) -> Tensor | None:
        if self.out_gradient is None or self.v is None:
            return None
        used, which = torch.unique(entries, return_inverse=True)
        slopes = self.out_gradient[:, used] @ self.v[:, used].transpose(-2, -1)
        return slopes[:, which, rows[:, None]]
