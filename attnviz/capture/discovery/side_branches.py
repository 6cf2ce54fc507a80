"""Which calls of a pass the logits are computed from, by the graph that autograd records of it."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from attnviz.capture.discovery.call_tree import ModuleCall


def without_side_branches(
    calls: list[tuple[str, ModuleCall]], start: Tensor, logits: Tensor | None
) -> list[tuple[str, ModuleCall]]:
    """Leave out the calls whose output never reaches the logits.

    Decoders of masks and heads for other tasks come last in a pass, but no decision rests on them.

    Parameters
    ----------
    calls
        (name, call) of a pass with a graph, in order.
    start
        The leaf from which the graph of the input begins.
    logits
        What the network returned; None if that was no single tensor.

    Returns
    -------
    list
        All of `calls` if the graph does not lead from the logits to the input, as where a network
        detaches features: then it does not tell what they were computed from.
    """
    if logits is None or logits.grad_fn is None:
        return calls
    reached = set(_nodes_behind(logits.grad_fn))
    if not any(getattr(node, "variable", None) is start for node in reached):
        return calls
    return [(name, call) for name, call in calls if call.node is None or call.node in reached]


def _nodes_behind(node: object) -> Iterator[object]:
    """The node and all before it, each once."""
    seen: set[object] = set()
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        waiting += [before for before, _ in node.next_functions]  # type: ignore[attr-defined]
