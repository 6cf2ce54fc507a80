"""The fused attention inside `nn.MultiheadAttention`, found in the graph that the pass leaves.

The module calls it where no mode can hear it. Where gradients are wanted its queries, keys and
values are kept in the graph anyway, and so is the place between it and the output's projection: to
read them there saves three projections, and that of the gradient, in every layer.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, Node

from attnviz.capture.hooks.arguments import Args, Kwargs, replace_tensor
from attnviz.capture.hooks.calls import FusedCall
from attnviz.capture.hooks.multihead_attention import ProjectedCall

# Between the output and the attention lie a projection and some changes of shape.
_MOST_STEPS = 12


def inner_fused(call: ProjectedCall) -> tuple[FusedCall, GradientEdge] | None:
    """The fused attention of a call, and where in the graph its output is.

    q, k, v: [B, heads, tokens, d], without a graph. None where the attention was not fused, or no
    gradient goes through it.
    """
    node = call.output.grad_fn
    for _ in range(_MOST_STEPS):
        if node is None or node.name().startswith("ScaledDotProduct"):
            break
        node = _only_one_before(node)
    saved: list[Any] = [getattr(node, f"_saved_{name}", None) for name in ("query", "key", "value")]
    if node is None or not all(isinstance(one, Tensor) for one in saved):
        return None
    q, k, v = (one.detach() for one in saved)
    lead = (len(call.query), call.heads)
    if q.shape[:3] != (*lead, call.query.shape[1]) or k.shape[:3] != (*lead, call.key.shape[1]):
        return None
    scale = (call.query.shape[2] // call.heads) ** -0.5
    return FusedCall(q, k, v, call.bias, scale, q.new_empty(0)), GradientEdge(node, 0)


def _only_one_before(node: Node) -> Node | None:
    """What a step of the graph was made from, if there is just one such thing."""
    before = [one for one, _ in node.next_functions if one is not None]
    return before[0] if len(before) == 1 else None


def start_graph(_part: nn.Module, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
    """Let the graph begin at the queries where it has not begun yet; a hook before a module.

    The attention inside is then in the graph. Nothing before it is differentiated: the backward
    pass ends at the place that is watched.
    """
    given = [*args, *kwargs.values()]
    query = kwargs["query"] if "query" in kwargs else args[0]
    if any(isinstance(one, Tensor) and one.requires_grad for one in given):
        return None
    return replace_tensor(args, kwargs, query, query.detach().requires_grad_())
