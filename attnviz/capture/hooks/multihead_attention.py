"""`nn.MultiheadAttention`, which projects inside: queries and keys are computed when asked for.

Its fast path computes everything in one call of C++, and is left on: what is kept is what went in.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.capture.hooks.windowed_attention import WindowedProducts
from attnviz.capture.readings import ContextReading, DenseAttention
from attnviz.capture.token_geometry import TokenGeometry

PROJECTED = frozenset({F.multi_head_attention_forward})
_SIGNATURE = inspect.signature(F.multi_head_attention_forward)


@dataclass
class ProjectedCall:
    """What a multi-head attention was given, and its weights.

    query: [B, T, E]; key, value: [B, S, E]. weights, biases: of the projections of query, key and
    value (biases None without). out: weight of the output's projection, [E, E]. bias: added to the
    scores, [B or 1, heads or 1, T or 1, S], or None. output: [B, T, E].
    """

    query: Tensor
    key: Tensor
    value: Tensor
    heads: int
    weights: tuple[Tensor, Tensor, Tensor]
    biases: tuple[Tensor, Tensor, Tensor] | None
    out: Tensor
    bias: Tensor | None
    output: Tensor

    def project(self, part: int) -> Tensor:
        """Queries (0), keys (1) or values (2), [B, heads, tokens, d] in float32."""
        given = (self.query, self.key, self.value)[part]
        bias = None if self.biases is None else self.biases[part]
        made = F.linear(given, self.weights[part], bias)
        return self._by_head(made).float()

    def head_gradient(self, gradient: Tensor) -> Tensor:
        """From the gradient of the output [B, T, E] to that of `A v`, [B, heads, T, d]."""
        return self._by_head(gradient.float() @ self.out.float())

    def _by_head(self, value: Tensor) -> Tensor:
        return value.reshape(*value.shape[:2], self.heads, -1).transpose(1, 2)


def call_of_module(
    part: nn.MultiheadAttention, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor
) -> ProjectedCall | None:
    """A call of the module; None if it is of a kind that is not read."""
    names = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    weights = (part.q_proj_weight, part.k_proj_weight, part.v_proj_weight)
    return _call(
        {name: given[name] for name in ("query", "key", "value")},
        part.num_heads, part.in_proj_weight, weights, part.in_proj_bias, part.out_proj.weight,
        given.get("attn_mask"), given.get("key_padding_mask"), output,
        batch_first=part.batch_first, plain=part.bias_k is None and not part.add_zero_attn,
    )  # fmt: skip


def call_of_function(
    args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor
) -> ProjectedCall | None:
    """A call of `F.multi_head_attention_forward`; None if it is of a kind that is not read."""
    bound = _SIGNATURE.bind(*args, **kwargs)
    bound.apply_defaults()
    given = bound.arguments
    weights = tuple(given[f"{one}_proj_weight"] for one in "qkv")
    return _call(
        {name: given[name] for name in ("query", "key", "value")},
        given["num_heads"], given["in_proj_weight"], weights, given["in_proj_bias"],
        given["out_proj_weight"], given["attn_mask"], given["key_padding_mask"], output,
        batch_first=False, plain=given["bias_k"] is None and not given["add_zero_attn"],
    )  # fmt: skip


def _call(
    given: dict[str, Tensor], heads: int, packed: Tensor | None, weights: Any,
    packed_bias: Tensor | None, out: Tensor, mask: Tensor | None, padding: Tensor | None,
    output: Tensor, *, batch_first: bool, plain: bool,
) -> ProjectedCall | None:  # fmt: skip
    if not plain or given["query"].ndim != 3:
        return None
    query, key, value = (one if batch_first else one.transpose(0, 1) for one in given.values())
    if packed is not None:
        weights = packed.chunk(3)
    biases: Any = None if packed_bias is None else packed_bias.chunk(3)
    return ProjectedCall(
        query, key, value, heads, weights, biases, out, _bias(mask, padding, len(query), heads),
        output if batch_first else output.transpose(0, 1),
    )  # fmt: skip


def _bias(mask: Tensor | None, padding: Tensor | None, batch: int, heads: int) -> Tensor | None:
    """Both masks as one bias; True forbids."""
    found: Tensor | None = None
    if mask is not None:
        mask = mask[None, None] if mask.ndim == 2 else mask.view(batch, heads, *mask.shape[1:])
    for one in (mask, None if padding is None else padding[:, None, None]):
        if one is not None:
            if one.dtype is torch.bool:
                one = torch.zeros_like(one, dtype=torch.float32).masked_fill_(one, -math.inf)
            found = one.float() if found is None else found + one.float()
    return found


@dataclass(frozen=True)
class ProjectedAttention(ContextReading):
    """Self-attention whose queries, keys and values follow from what the layer was given.

    call: what that was, without a graph. out_gradient: derivative of the target's score by the
    layer's output, [B, T, E], or None.
    """

    geometry: TokenGeometry
    call: ProjectedCall
    count: int
    out_gradient: Tensor | None = None

    def rows(self, queries: Tensor) -> Tensor:
        """See `ContextReading`."""
        return self._inner.rows(queries)

    def gradient_rows(self, queries: Tensor) -> Tensor | None:
        """See `ContextReading`; queries and keys are not computed for it."""
        if self.out_gradient is None:
            return None
        if not (self.geometry.dense and self._slope.shape[:2] == self._values.shape[:2]):
            return self._inner.gradient_rows(queries)
        return self._slope[:, :, queries] @ self._values.transpose(-2, -1)

    def value_norms(self) -> Tensor | None:
        """See `ContextReading`."""
        return self._inner.value_norms()

    @cached_property
    def _values(self) -> Tensor:
        with torch.no_grad():
            return self.call.project(2)

    @cached_property
    def _slope(self) -> Tensor:
        assert self.out_gradient is not None
        with torch.no_grad():
            return self.call.head_gradient(self.out_gradient)

    @cached_property
    def _inner(self) -> ContextReading:
        with torch.no_grad():
            q, k = self.call.project(0), self.call.project(1)
        slope = None if self.out_gradient is None else self._slope
        return make_reading(
            self.layer, self.geometry, self.count, q, k, self._values, q.shape[-1] ** -0.5,
            self.call.bias, slope, values=True,
        )  # fmt: skip


def make_reading(
    layer: str, geometry: TokenGeometry, count: int, q: Tensor, k: Tensor, v: Tensor,
    scale: float, bias: Tensor | None, gradient: Tensor | None, *, values: bool,
) -> ContextReading:  # fmt: skip
    """The reading of a call on `count` inputs, dense or in windows.

    q, k, v, gradient: [count x ..., tokens, d], float32. bias: broadcastable to the scores. values:
    whether to keep them; if not, their lengths are.
    """
    lead = leading_shape(q, k, v)
    q, k, v = (one.expand(*lead, *one.shape[-2:]) for one in (q, k, v))
    kept = v if values else None
    grids = geometry.queries, geometry.keys, geometry.heads
    if geometry.dense and len(lead) == 2:
        norms = None if values else torch.linalg.vector_norm(v, dim=-1)
        return DenseAttention(layer, *grids, q, k, kept, scale, bias, gradient, norms)
    norms = torch.linalg.vector_norm(v, dim=-1)

    def entries(value: Tensor) -> Tensor:
        return value.reshape(count, geometry.entries, *value.shape[len(lead) :])

    if bias is not None:
        bias = entries(bias.expand(*lead, bias.shape[-2] if bias.ndim > 1 else 1, k.shape[-2]))
    return WindowedProducts(
        layer, *grids, geometry, entries(norms), entries(q), entries(k), scale, bias,
        None if kept is None else entries(kept), None if gradient is None else entries(gradient),
    )  # fmt: skip


def leading_shape(*values: Tensor) -> tuple[int, ...]:
    """The dimensions before the last two, broadcast against each other."""
    most = max(value.ndim for value in values) - 2
    padded = [(1,) * (most + 2 - value.ndim) + tuple(value.shape[:-2]) for value in values]
    return tuple(max(sides) for sides in zip(*padded, strict=True))
