"""`nn.MultiheadAttention`: queries and keys are projected from its inputs on demand.

Its fast path computes everything in one C++ call and stays enabled: only the inputs are stored.
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
    """Inputs and weights of a multi-head attention.

    Attributes
    ----------
    query, key, value
        [B, T, E], [B, S, E] and [B, S, E].
    heads
        Number of heads.
    weights, biases
        Of the projections of query, key and value; biases are None if there are none.
    out
        Weight of the output projection, [E, E].
    bias
        Added to the scores, [B or 1, heads or 1, T or 1, S]; None without.
    output
        [B, T, E].
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

    def project(self, index: int) -> Tensor:
        """Project the queries (0), keys (1) or values (2).

        Parameters
        ----------
        index
            Which of the three.

        Returns
        -------
        Tensor
            float32 [B, heads, tokens, d].
        """
        inputs = (self.query, self.key, self.value)[index]
        bias = None if self.biases is None else self.biases[index]
        projected = F.linear(inputs, self.weights[index], bias)
        return self._by_head(projected).float()

    def head_gradient(self, gradient: Tensor) -> Tensor:
        """Propagate a gradient back through the output projection.

        Parameters
        ----------
        gradient
            Gradient with respect to the output, [B, T, E].

        Returns
        -------
        Tensor
            Gradient with respect to `A v`, float32 [B, heads, T, d].
        """
        return self._by_head(gradient.float() @ self.out.float())

    def _by_head(self, value: Tensor) -> Tensor:
        return value.reshape(*value.shape[:2], self.heads, -1).transpose(1, 2)


def call_of_module(
    module: nn.MultiheadAttention, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor
) -> ProjectedCall | None:
    """Describe a call of the module.

    Parameters
    ----------
    module
        The attention.
    args, kwargs
        Arguments of its call.
    output
        First element of what it returned.

    Returns
    -------
    ProjectedCall or None
        None with extra keys (`bias_k`, `add_zero_attn`) or without a batch dimension.
    """
    names = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    weights = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    return _call(
        {name: given[name] for name in ("query", "key", "value")},
        module.num_heads, module.in_proj_weight, weights, module.in_proj_bias,
        module.out_proj.weight, given.get("attn_mask"), given.get("key_padding_mask"), output,
        batch_first=module.batch_first,
        extra_keys=module.bias_k is not None or module.add_zero_attn,
    )  # fmt: skip


def call_of_function(
    args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor
) -> ProjectedCall | None:
    """Describe a call of `F.multi_head_attention_forward`.

    Parameters
    ----------
    args, kwargs
        Arguments of the function.
    output
        First element of what it returned.

    Returns
    -------
    ProjectedCall or None
        None with extra keys (`bias_k`, `add_zero_attn`) or without a batch dimension.
    """
    bound = _SIGNATURE.bind(*args, **kwargs)
    bound.apply_defaults()
    given = bound.arguments
    weights = tuple(given[f"{side}_proj_weight"] for side in "qkv")
    return _call(
        {name: given[name] for name in ("query", "key", "value")},
        given["num_heads"], given["in_proj_weight"], weights, given["in_proj_bias"],
        given["out_proj_weight"], given["attn_mask"], given["key_padding_mask"], output,
        batch_first=False, extra_keys=given["bias_k"] is not None or given["add_zero_attn"],
    )  # fmt: skip


def _call(
    inputs: dict[str, Tensor], heads: int, packed: Tensor | None, weights: Any,
    packed_bias: Tensor | None, out: Tensor, mask: Tensor | None, padding: Tensor | None,
    output: Tensor, *, batch_first: bool, extra_keys: bool,
) -> ProjectedCall | None:  # fmt: skip
    if extra_keys or inputs["query"].ndim != 3:
        return None
    query, key, value = (side if batch_first else side.transpose(0, 1) for side in inputs.values())
    if packed is not None:
        weights = packed.chunk(3)
    biases: Any = None if packed_bias is None else packed_bias.chunk(3)
    return ProjectedCall(
        query, key, value, heads, weights, biases, out, _bias(mask, padding, len(query), heads),
        output if batch_first else output.transpose(0, 1),
    )  # fmt: skip


def _bias(mask: Tensor | None, padding: Tensor | None, batch: int, heads: int) -> Tensor | None:
    """Combine both masks into one additive bias; True forbids."""
    bias: Tensor | None = None
    if mask is not None:
        mask = mask[None, None] if mask.ndim == 2 else mask.view(batch, heads, *mask.shape[1:])
    for term in (mask, None if padding is None else padding[:, None, None]):
        if term is not None:
            if term.dtype is torch.bool:
                term = torch.zeros_like(term, dtype=torch.float32).masked_fill_(term, -math.inf)
            bias = term.float() if bias is None else bias + term.float()
    return bias


@dataclass(frozen=True)
class ProjectedAttention(ContextReading):
    """Self-attention computed from the inputs of an `nn.MultiheadAttention`.

    Attributes
    ----------
    geometry
        Where the tokens are.
    call
        The layer's inputs and weights, without a graph.
    count
        Number of inputs in the batch.
    out_gradient
        Gradient of the target's score with respect to the layer's output, [B, T, E], or None.
    """

    geometry: TokenGeometry
    call: ProjectedCall
    count: int
    out_gradient: Tensor | None = None

    def rows(self, queries: Tensor) -> Tensor:
        """See `ContextReading`."""
        return self._inner.rows(queries)

    def gradient_rows(self, queries: Tensor) -> Tensor | None:
        """See `ContextReading`; does not project queries and keys where it can do without."""
        if self.out_gradient is None:
            return None
        if not (self.geometry.dense and self._gradient.shape[:2] == self._values.shape[:2]):
            return self._inner.gradient_rows(queries)
        return self._gradient[:, :, queries] @ self._values.transpose(-2, -1)

    def value_norms(self) -> Tensor | None:
        """See `ContextReading`."""
        return self._inner.value_norms()

    @cached_property
    def _values(self) -> Tensor:
        with torch.no_grad():
            return self.call.project(2)

    @cached_property
    def _gradient(self) -> Tensor:
        assert self.out_gradient is not None
        with torch.no_grad():
            return self.call.head_gradient(self.out_gradient)

    @cached_property
    def _inner(self) -> ContextReading:
        with torch.no_grad():
            q, k = self.call.project(0), self.call.project(1)
        gradient = None if self.out_gradient is None else self._gradient
        return make_reading(
            self.layer, self.geometry, self.count, q, k, self._values, q.shape[-1] ** -0.5,
            self.call.bias, gradient, values=True,
        )  # fmt: skip


def make_reading(
    layer: str, geometry: TokenGeometry, count: int, q: Tensor, k: Tensor, v: Tensor,
    scale: float, bias: Tensor | None, gradient: Tensor | None, *, values: bool,
) -> ContextReading:  # fmt: skip
    """Make the reading of an attention call, dense or in windows.

    Parameters
    ----------
    layer
        Name under which the reading is shown.
    geometry
        Where the tokens are.
    count
        Number of inputs in the batch.
    q, k, v, gradient
        float32 [count x ..., tokens, d]; the gradient is with respect to `A v`, or None.
    scale, bias
        Of the scores; the bias is broadcastable to them, or None.
    values
        Whether to store the values; otherwise only their norms are stored.

    Returns
    -------
    ContextReading
        `DenseAttention` or `WindowedProducts`.
    """
    lead = leading_shape(q, k, v)
    q, k, v = (side.expand(*lead, *side.shape[-2:]) for side in (q, k, v))
    stored = v if values else None
    grids = geometry.queries, geometry.keys, geometry.heads
    if geometry.dense and len(lead) == 2:
        norms = None if values else torch.linalg.vector_norm(v, dim=-1)
        return DenseAttention(layer, *grids, q, k, stored, scale, bias, gradient, norms)
    norms = torch.linalg.vector_norm(v, dim=-1)

    def entries(value: Tensor) -> Tensor:
        return value.reshape(count, geometry.entries, *value.shape[len(lead) :])

    if bias is not None:
        bias = entries(bias.expand(*lead, bias.shape[-2] if bias.ndim > 1 else 1, k.shape[-2]))
    return WindowedProducts(
        layer, *grids, geometry, entries(norms), entries(q), entries(k), scale, bias,
        None if stored is None else entries(stored),
        None if gradient is None else entries(gradient),
    )  # fmt: skip


def leading_shape(*values: Tensor) -> tuple[int, ...]:
    """Broadcast the dimensions before the last two against each other."""
    most = max(value.ndim for value in values) - 2
    padded = [(1,) * (most + 2 - value.ndim) + tuple(value.shape[:-2]) for value in values]
    return tuple(max(sides) for sides in zip(*padded, strict=True))
