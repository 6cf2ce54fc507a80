"""The calls in which attention happens, as they are made: what goes in, and what comes out.

Three calls tell everything: the fused attention of PyTorch, a softmax over keys, and a product of
features with a factor for each channel, for each place, or for both. Modules differ, these calls do
not.

What makes none of these calls is not read. Bilinear attention (BAT, Chi et al., CVPR 2020) weighs a
map from both sides with sigmoids that are brought to sum 1; coordinate attention (arXiv 2103.02907)
has a factor for each row and another for each column; lambda layers (arXiv 2102.08602) have no
weights from place to place; MobileViT-v2 (arXiv 2206.02680) shares out pixels by patches without
queries.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.capture.hooks.multihead_attention import ProjectedCall


@dataclass
class FusedCall:
    """`F.scaled_dot_product_attention`: q [..., T, d], k [..., S, d], v [..., S, e].

    bias: added to the scores, broadcastable to [..., T, S], or None. output: [..., T, e].
    """

    q: Tensor
    k: Tensor
    v: Tensor
    bias: Tensor | None
    scale: float
    output: Tensor


@dataclass
class SoftmaxCall:
    """A softmax over the last dimension: scores and weights, [..., T, S].

    product: queries [..., T, d] and keys [..., S, d] whose product has the shape of the scores, the
    last such product before, or None.
    """

    scores: Tensor
    weights: Tensor
    product: tuple[Tensor, Tensor] | None


@dataclass
class FactorCall:
    """Features [N, C, h, w] (or [N, paths, C, h, w]) times a factor.

    The factor has a value for each channel, [N, ..., C, 1, 1], for each place, [N, 1, h, w], or for
    each channel at each place, [N, C, h, w]; channels: whether it is the first of these.
    """

    features: Tensor
    factor: Tensor
    channels: bool


Call = FusedCall | SoftmaxCall | FactorCall | ProjectedCall

Function = Callable[..., Any]


def _named(*names: str) -> frozenset[Function]:
    owners = (torch, torch.Tensor, F)
    return frozenset(
        getattr(owner, name) for owner in owners for name in names if hasattr(owner, name)
    )


FUSED = frozenset({F.scaled_dot_product_attention})
SOFTMAXES = _named("softmax")
FACTORS = _named("mul", "multiply", "mul_", "multiply_", "__mul__", "__rmul__", "__imul__")
PRODUCTS = _named("matmul", "__matmul__", "bmm", "einsum")


def fused_call(
    output: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> FusedCall:
    """The arguments as `F.scaled_dot_product_attention` takes them, and what it gave."""
    del dropout_p  # zero outside training
    if enable_gqa:
        k, v = (one.repeat_interleave(q.shape[-3] // one.shape[-3], -3) for one in (k, v))
    bias = attn_mask
    if is_causal:
        bias = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).tril()
    if bias is not None and bias.dtype is torch.bool:
        bias = torch.zeros_like(bias, dtype=torch.float32).masked_fill_(~bias, -math.inf)
    return FusedCall(q, k, v, bias, scale or 1 / math.sqrt(q.shape[-1]), output)


def softmax_over_keys(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """The scores of a softmax along the last of at least three dimensions, else None."""
    scores = args[0] if args else kwargs.get("input")
    dim = args[1] if len(args) > 1 else kwargs.get("dim")
    if not isinstance(scores, Tensor) or scores.ndim < 3 or scores.shape[-1] < 2:
        return None
    return scores if dim in (-1, scores.ndim - 1) else None


def factor_calls(first: object, second: object) -> list[FactorCall]:
    """Features and factor of a product, whichever comes first; empty if it is another product.

    Two maps of one shape are told twice, for either may be the factor: values tell, shapes do not.
    """
    if not isinstance(first, Tensor) or not isinstance(second, Tensor) or first is second:
        return []
    calls = (_factor(first, second), _factor(second, first))
    return [one for one in calls if one is not None]


def _factor(features: Tensor, factor: Tensor) -> FactorCall | None:
    shape = features.shape
    if features.ndim not in (4, 5) or factor.ndim != features.ndim or shape[-1] * shape[-2] < 2:
        return None
    if isinstance(factor, nn.Parameter) or not factor.is_floating_point():
        return None
    given = tuple(  # `expand` repeats without room: those dimensions hold one value
        1 if step == 0 else side for side, step in zip(factor.shape, factor.stride(), strict=True)
    )
    if shape[1] > 1 and given[-2:] == (1, 1) and given[1:-2] == tuple(shape[1:-2]):
        return FactorCall(features, factor, channels=True)
    if features.ndim == 4 and shape[1] > 1 and given[1:] in ((1, *shape[2:]), tuple(shape[1:])):
        return FactorCall(features, factor, channels=False)
    return None


def product_of(args: tuple[Any, ...], output: Tensor) -> tuple[Tensor, Tensor] | None:
    """Queries [..., T, d] and keys [..., S, d] of a product [..., T, S], None if not of that form.

    `args` as `matmul`, `bmm` or `einsum` takes them.
    """
    if isinstance(args[0], str):
        operands = args[1] if len(args) == 2 else args[1:]
        return _einsum(args[0], operands) if len(operands) == 2 else None
    q, k = args[0], args[1]
    if not isinstance(k, Tensor) or min(q.ndim, k.ndim, output.ndim) < 3:
        return None
    return q, k.transpose(-2, -1)


def _einsum(equation: str, operands: Any) -> tuple[Tensor, Tensor] | None:
    left, _, out = equation.replace(" ", "").partition("->")
    names = left.split(",")
    summed = set(names[0]) & set(names[1]) - set(out)
    if "." in equation or len(out) < 3 or len(summed) != 1:
        return None
    sides = []
    for token in out[-2:]:
        order = [*out[:-2], token, *summed]
        which = next((i for i in (0, 1) if sorted(names[i]) == sorted(order)), None)
        if which is None:
            return None
        sides.append(operands[which].permute([names[which].index(one) for one in order]))
    return sides[0], sides[1]
