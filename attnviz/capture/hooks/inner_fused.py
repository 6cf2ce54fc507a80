"""The fused attention inside `nn.MultiheadAttention`, found in the autograd graph.

The module calls it from C++, where no function mode intercepts it. With gradients, its queries,
keys and values are saved in the graph anyway, and the graph has an edge between it and the output
projection. Reading them there saves three projections, and the gradient of one, in every layer.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, Node

from attnviz.capture.hooks.arguments import Args, Kwargs, replace_tensor
from attnviz.capture.hooks.calls import FusedCall, no_output
from attnviz.capture.hooks.multihead_attention import ProjectedCall

# Between the attention and the output are a projection and some changes of shape.
_MAX_STEPS = 12


def inner_fused(call: ProjectedCall) -> tuple[FusedCall, GradientEdge] | None:
    """Find the fused attention of a call, and the graph edge of its output.

    Parameters
    ----------
    call
        A call of `nn.MultiheadAttention` whose output is in a graph.

    Returns
    -------
    tuple or None
        The fused call, with q, k, v as [B, heads, tokens, d] without a graph and an empty output,
        and the edge. None if the attention was not fused, or no gradient passes through it.
    """
    node = call.output.grad_fn
    for _ in range(_MAX_STEPS):
        if node is None or node.name().startswith("ScaledDotProduct"):
            break
        node = _only_predecessor(node)
    saved: list[Any] = [getattr(node, f"_saved_{name}", None) for name in ("query", "key", "value")]
    if node is None or not all(isinstance(value, Tensor) for value in saved):
        return None
    q, k, v = (value.detach() for value in saved)
    lead = (len(call.query), call.heads)
    if q.shape[:3] != (*lead, call.query.shape[1]) or k.shape[:3] != (*lead, call.key.shape[1]):
        return None
    scale = (call.query.shape[2] // call.heads) ** -0.5
    return FusedCall(q, k, v, call.bias, scale, no_output), GradientEdge(node, 0)


def _only_predecessor(node: Node) -> Node | None:
    """The node before this one in the forward pass, if there is exactly one."""
    predecessors = [previous for previous, _ in node.next_functions if previous is not None]
    return predecessors[0] if len(predecessors) == 1 else None


def start_graph(_module: nn.Module, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
    """Start the graph at the queries if it has not started yet; a forward pre-hook.

    The attention inside is then part of the graph. Nothing before it is differentiated: the
    backward pass ends at the captured edge.

    Parameters
    ----------
    args, kwargs
        Arguments of `nn.MultiheadAttention`.

    Returns
    -------
    tuple or None
        The arguments with a query that requires a gradient; None to leave them unchanged.
    """
    query = kwargs["query"] if "query" in kwargs else args[0]
    values = [*args, *kwargs.values()]
    if any(isinstance(value, Tensor) and value.requires_grad for value in values):
        return None
    return replace_tensor(args, kwargs, query, query.detach().requires_grad_())
