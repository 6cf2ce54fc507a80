"""Attention inside windows, presented as rows over the whole grid."""

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
    """Attention in which every query sees the keys of its window only.

    Windows may be shifted, scattered or overlapping. Weights of padding outside the input are
    removed from a row, which is then normalised to sum 1 again.

    Attributes
    ----------
    geometry
        Which token each row of each window is.
    norms
        Norm of each key's value vector, [N, entries, S], or None.
    """

    geometry: TokenGeometry
    norms: Tensor | None

    @abstractmethod
    def _weights(self, entries: Tensor, rows: Tensor) -> Tensor:
        """Weights [N, q, heads, S] of one row [q] in each of the leading entries [q, heads]."""

    @abstractmethod
    def _gradients(self, entries: Tensor, rows: Tensor) -> Tensor | None:
        """Gradient of the target's score with respect to those weights."""

    def rows(self, queries: Tensor) -> Tensor:
        """See `ContextReading`."""
        windows, rows_inside = self._windows(queries)
        rows = self._over_grid(self._weights(self.geometry.table[windows], rows_inside), windows)
        if bool((self.geometry.key_cells < 0).any()):
            rows = rows / rows.sum(-1, keepdim=True).clamp_min(torch.finfo(rows.dtype).tiny)
        return rows

    def gradient_rows(self, queries: Tensor) -> Tensor | None:
        """See `ContextReading`."""
        windows, rows_inside = self._windows(queries)
        gradients = self._gradients(self.geometry.table[windows], rows_inside)
        return None if gradients is None else self._over_grid(gradients, windows)

    def value_norms(self) -> Tensor | None:
        """See `ContextReading`."""
        if self.norms is None:
            return None
        cells, count = self.geometry.key_cells, len(self.norms)
        norms = self.norms[:, self.geometry.table.flatten()]
        norms = norms.reshape(count, len(cells), self.heads, -1)
        by_token = norms.new_zeros(count, self.heads, self.keys.tokens + 1)  # the last: padding
        target = cells.where(cells >= 0, self.keys.tokens).flatten().to(norms.device)
        by_token[..., target] = norms.transpose(1, 2).flatten(2)
        result: Tensor = by_token[..., :-1]
        return result

    @cached_property
    def _positions(self) -> Tensor:
        return self.geometry.query_positions()

    @cached_property
    def _is_dense(self) -> bool:
        """Whether the keys of a row are all tokens in their order."""
        return self.geometry.dense

    def _windows(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        """The window of each query, and its row in that window."""
        positions = self._positions[queries.cpu()]
        length = self.geometry.query_cells.shape[1]
        return positions // length, positions % length

    def _over_grid(self, inside: Tensor, windows: Tensor) -> Tensor:
        """[N, q, heads, S] of queries in `windows` [q] -> [N, heads, q, keys.tokens]."""
        inside = inside.transpose(1, 2)
        if self._is_dense:
            return inside
        cells = self.geometry.key_cells[windows].to(inside.device)
        cells = cells.where(cells >= 0, self.keys.tokens)
        columns = self.keys.tokens + 1  # the last collects the weights of padding
        spread = inside.new_zeros((*inside.shape[:-1], columns))
        spread.scatter_add_(-1, cells.expand_as(inside), inside)
        return spread[..., :-1]


@dataclass(frozen=True)
class StoredWeights(WindowedAttention):
    """Attention whose weights are stored as the network computed them.

    Attributes
    ----------
    weights
        [N, entries, T, S].
    weights_gradient
        Gradient of the target's score with respect to `weights`, in the same shape, or None.
    """

    weights: Tensor
    weights_gradient: Tensor | None = None

    def _weights(self, entries: Tensor, rows: Tensor) -> Tensor:
        return self.weights[:, entries, rows[:, None]]

    def _gradients(self, entries: Tensor, rows: Tensor) -> Tensor | None:
        gradients = self.weights_gradient
        return None if gradients is None else gradients[:, entries, rows[:, None]]


@dataclass(frozen=True)
class WindowedProducts(WindowedAttention):
    """Queries and keys of fused attention: `softmax(scale * q k^T + bias)` in each entry.

    Attributes
    ----------
    q, k
        [N, entries, T, d] and [N, entries, S, d].
    scale, bias
        Of the scores; the bias is [N or 1, entries or 1, T or 1, S] or None.
    v
        [N, entries, S, e], needed for gradients only, or None.
    out_gradient
        Gradient of the target's score with respect to `A v`, [N, entries, T, e], or None.
    """

    q: Tensor
    k: Tensor
    scale: float
    bias: Tensor | None = None
    v: Tensor | None = None
    out_gradient: Tensor | None = None

    def _weights(self, entries: Tensor, rows: Tensor) -> Tensor:
        used, index = torch.unique(entries, return_inverse=True)
        scores = self.scale * (self.q[:, used] @ self.k[:, used].transpose(-2, -1))
        if self.bias is not None:
            scores = scores + (self.bias if self.bias.shape[1] == 1 else self.bias[:, used])
        return scores.softmax(-1)[:, index, rows[:, None]]

    def _gradients(self, entries: Tensor, rows: Tensor) -> Tensor | None:
        if self.out_gradient is None or self.v is None:
            return None
        used, index = torch.unique(entries, return_inverse=True)
        gradients = self.out_gradient[:, used] @ self.v[:, used].transpose(-2, -1)
        return gradients[:, index, rows[:, None]]
