"""Derivatives of a score, and what is told of networks that have none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.taps.base import TensorOrEdge
from attnviz.errors import GradientError

_HALF_SCALE = 256.0


def require_graph(logits: Tensor, network: nn.Module) -> None:
    """Raise GradientError if logits do not depend on what a pass with gradients captured.

    Parameters
    ----------
    logits
        Of a pass in which something requires a gradient.
    network
        Named in the error.
    """
    if not logits.requires_grad:
        raise GradientError(
            f"The output of {type(network).__name__} has no gradients: its `forward` cuts them "
            "off, as torch.no_grad, detach, NumPy, argmax and another library's checkpointing do. "
            "Switch that off, or choose a method that needs none, such as score-cam."
        )


def require_normal_weights(network: nn.Module) -> None:
    """Raise GradientError if a network was made in `torch.inference_mode`.

    Parameters
    ----------
    network
        Through which gradients are to pass.
    """
    if any(weight.is_inference() for weight in chain(network.parameters(), network.buffers())):
        name = type(network).__name__
        raise GradientError(
            f"{name} was made in torch.inference_mode, so no gradients can pass through its "
            f"weights. Wrap `copy.deepcopy(network)` instead, or make {name} outside that mode."
        )


def derivatives(
    score: Tensor, captured: Sequence[TensorOrEdge], *, keep_graph: bool = False
) -> list[Tensor | None]:
    """Differentiate a score with respect to captured tensors.

    Parameters
    ----------
    score
        A scalar. Where it or a captured tensor is in float16, it is scaled up meanwhile, because
        gradients would vanish below 6e-8; they are returned in float32.
    captured
        Tensors or graph edges.
    keep_graph
        Keep the graph for another backward pass.

    Returns
    -------
    list of Tensor or None
        None where the score does not depend on the tensor.
    """
    half = torch.float16 in {
        score.dtype, *(one.dtype for one in captured if isinstance(one, Tensor))
    }  # fmt: skip
    scale = _HALF_SCALE if half else 1.0
    inputs: Any = captured
    grads = torch.autograd.grad(score * scale, inputs, allow_unused=True, retain_graph=keep_graph)
    if scale == 1:
        return list(grads)
    return [None if grad is None else grad.float() / scale for grad in grads]
