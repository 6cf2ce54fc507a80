"""The calls in which attention is computed: their arguments and their results.

Attention is computed in three kinds of calls: PyTorch's fused attention, a softmax over keys, and a
product of features with a factor for each channel, each position, or both. Modules differ between
networks; these calls do not.

Attention that makes none of these calls is not captured. Bilinear attention (BAT, Chi et al., CVPR
2020) weighs a map from both sides with sigmoids normalised to sum 1; coordinate attention (arXiv
2103.02907) has one factor for each row and another for each column; lambda layers (arXiv
2102.08602) have no weights between positions; MobileViT-v2 (arXiv 2206.02680) normalises over the
pixels of patches without queries.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.capture.hooks.multihead_attention import ProjectedCall, leading_shape


@dataclass
class FusedCall:
    """A call of `F.scaled_dot_product_attention`.

    Attributes
    ----------
    q, k, v
        Queries [..., T, d], keys [..., S, d] and values [..., S, e].
    bias
        Added to the scores, broadcastable to [..., T, S]; None without.
    scale
        Factor of the scores.
    run
        Computes the output.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    bias: Tensor | None
    scale: float
    run: Callable[[], Tensor]

    @cached_property
    def output(self) -> Tensor:
        """What the function returns, [..., T, e]; computed when it is first read."""
        return self.run()

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of `output`, which is not computed for it."""
        return *leading_shape(self.q, self.k, self.v), self.q.shape[-2], self.v.shape[-1]


@dataclass
class SoftmaxCall:
    """A softmax over the last dimension.

    Attributes
    ----------
    scores, weights
        Input and output, [..., T, S].
    product
        Queries [..., T, d] and keys [..., S, d] of the last product before the softmax that has the
        shape of the scores; None if there was none.
    """

    scores: Tensor
    weights: Tensor
    product: tuple[Tensor, Tensor] | None


@dataclass
class FactorCall:
    """A product of features with a factor.

    Attributes
    ----------
    features
        [N, C, h, w], or [N, paths, C, h, w].
    factor
        One value for each channel, [N, ..., C, 1, 1], for each position, [N, 1, h, w], or for each
        channel at each position, [N, C, h, w].
    channels
        Whether the factor has one value for each channel.
    """

    features: Tensor
    factor: Tensor
    channels: bool


Call = FusedCall | SoftmaxCall | FactorCall | ProjectedCall

Function = Callable[..., Any]


def _functions(*names: str) -> frozenset[Function]:
    owners = (torch, torch.Tensor, F)
    return frozenset(
        getattr(owner, name) for owner in owners for name in names if hasattr(owner, name)
    )


def no_output() -> Tensor:
    """Return an empty tensor, as the output of a call of which only the arguments are kept."""
    return torch.empty(0)


_MAX_HEADS = 16

FUSED = frozenset({F.scaled_dot_product_attention})
SOFTMAXES = _functions("softmax")
FACTORS = _functions("mul", "multiply", "mul_", "multiply_", "__mul__", "__rmul__", "__imul__")
PRODUCTS = _functions("matmul", "__matmul__", "bmm", "einsum")


def fused_call(
    run: Callable[[], Tensor],
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> FusedCall:
    """Describe a call of `F.scaled_dot_product_attention`.

    Parameters
    ----------
    run
        Computes what the function returns, [..., T, e].
    q, k, v, attn_mask, dropout_p, is_causal, scale, enable_gqa
        The function's own parameters.

    Returns
    -------
    FusedCall
        With masks as an additive bias and grouped keys and values repeated for each head.
    """
    del dropout_p  # zero outside training
    if enable_gqa:
        k, v = (side.repeat_interleave(q.shape[-3] // side.shape[-3], -3) for side in (k, v))
    bias = attn_mask
    if is_causal:
        bias = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).tril()
    if bias is not None and bias.dtype is torch.bool:
        bias = torch.zeros_like(bias, dtype=torch.float32).masked_fill_(~bias, -math.inf)
    return FusedCall(q, k, v, bias, scale or 1 / math.sqrt(q.shape[-1]), run)


def softmax_over_keys(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """Return the scores of a softmax that can be attention.

    Parameters
    ----------
    args, kwargs
        Arguments of `softmax`.

    Returns
    -------
    Tensor or None
        [..., T, S] if the softmax is along the last of at least three dimensions, S > 1.
    """
    found = _softmax_arguments(args, kwargs)
    if found is None or found[0].ndim < 3 or found[0].shape[-1] < 2:
        return None
    scores, dim = found
    return scores if dim == scores.ndim - 1 else None


def softmax_over_tokens(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, int] | None:
    """Return the scores of a softmax that can be attention without queries, and its dimension.

    Attention pooling often scores each token and normalises over them: [N, S], or [N, S, heads]
    and [S, N, heads] with few heads.

    Parameters
    ----------
    args, kwargs
        Arguments of `softmax`.

    Returns
    -------
    tuple or None
        None if the softmax is another one, see `softmax_over_keys`.
    """
    found = _softmax_arguments(args, kwargs)
    if found is None or found[0].ndim not in (2, 3):
        return None
    scores, dim = found
    if scores.shape[dim] < 2:
        return None
    heads = scores.shape[2] if scores.ndim == 3 else 0
    is_pooling = dim < 2 and heads <= _MAX_HEADS and heads < scores.shape[dim]
    return (scores, dim) if is_pooling else None


def _softmax_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, int] | None:
    """The scores of a softmax and its dimension, from 0; None if they are given in another way."""
    scores = args[0] if args else kwargs.get("input")
    dim = args[1] if len(args) > 1 else kwargs.get("dim")
    if not isinstance(scores, Tensor) or not scores.ndim or not isinstance(dim, int):
        return None
    return scores, dim % scores.ndim


def factor_calls(first: object, second: object) -> list[FactorCall]:
    """Tell features and factor of a product apart.

    Parameters
    ----------
    first, second
        Operands of the product, in either order.

    Returns
    -------
    list of FactorCall
        Empty if the product is none of features with a factor. Two maps of one shape are returned
        both ways round: only their values tell which is the factor.
    """
    if not isinstance(first, Tensor) or not isinstance(second, Tensor) or first is second:
        return []
    calls = (_factor(first, second), _factor(second, first))
    return [call for call in calls if call is not None]


def _factor(features: Tensor, factor: Tensor) -> FactorCall | None:
    shape = features.shape
    if features.ndim not in (4, 5) or factor.ndim != features.ndim or shape[-1] * shape[-2] < 2:
        return None
    if isinstance(factor, nn.Parameter) or not factor.is_floating_point():
        return None
    stored = tuple(  # dimensions repeated by `expand` (stride 0) hold a single value
        1 if step == 0 else side for side, step in zip(factor.shape, factor.stride(), strict=True)
    )
    if shape[1] > 1 and stored[-2:] == (1, 1) and stored[1:-2] == tuple(shape[1:-2]):
        return FactorCall(features, factor, channels=True)
    if features.ndim == 4 and shape[1] > 1 and stored[1:] in ((1, *shape[2:]), tuple(shape[1:])):
        return FactorCall(features, factor, channels=False)
    return None


def product_of(args: tuple[Any, ...], output: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return queries and keys of a matrix product.

    Parameters
    ----------
    args
        Arguments of `matmul`, `bmm` or `einsum`.
    output
        The product, [..., T, S].

    Returns
    -------
    tuple or None
        Queries [..., T, d] and keys [..., S, d], of which one may lack leading dimensions, as
        learned queries do; None if the product has another form.
    """
    if isinstance(args[0], str):
        operands = args[1] if len(args) == 2 else args[1:]
        return _einsum(args[0], operands) if len(operands) == 2 else None
    q, k = args[0], args[1]
    if not isinstance(k, Tensor) or min(q.ndim, k.ndim) < 2 or output.ndim < 3:
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
        index = next((i for i in (0, 1) if {token, *summed} <= set(names[i]) <= set(order)), None)
        if index is None:
            return None
        present = [letter for letter in order if letter in names[index]]
        side = operands[index].permute([names[index].index(letter) for letter in present])
        missing = [letter not in names[index] for letter in order]
        sides.append(side[tuple(None if lacks else slice(None) for lacks in missing)])
    return sides[0], sides[1]
