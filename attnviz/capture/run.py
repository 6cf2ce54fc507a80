"""Run a network once, forward and optionally backward, and read all sites on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from attnviz.capture.gradients import derivatives, require_graph, require_normal_weights
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of, target_classes
from attnviz.capture.readings import Reading
from attnviz.capture.site import Form, Kind, Site
from attnviz.capture.taps.base import CallTap, Tap, TensorOrEdge
from attnviz.capture.taps.buffer import TensorBuffer
from attnviz.capture.taps.dispatch import dispatch_calls
from attnviz.capture.taps.features import FeatureTap
from attnviz.capture.taps.gates import GateTap, MaskTap
from attnviz.capture.taps.self_attention import ContextTap
from attnviz.capture.taps.soft_masks import SoftMaskTap
from attnviz.capture.trace import Trace

T = TypeVar("T")
_CALL_TAPS = (ContextTap, GateTap, MaskTap)

_TAPS: dict[Kind, Callable[..., Tap]] = {
    Kind.SPATIAL: SoftMaskTap,
    Kind.CHANNEL: GateTap,
    Kind.FEATURES: FeatureTap,
}


def capture(
    module: nn.Module,
    inputs: Tensor,
    sites: Sequence[Site],
    *,
    gradients: bool = False,
    target: Tensor | int | None = None,
) -> Trace:
    """Run a network on a batch and read it at the given sites.

    Capture does not change the outputs. When this returns or raises, no hook is left, and training
    mode and `requires_grad` are restored. Not thread-safe: the caller holds the model's lock.

    Parameters
    ----------
    module
        Any network that maps [N, 3, H, W] to logits, or to an object that holds them.
    inputs
        [N, 3, H, W], normalised as the network expects.
    sites
        Where to read. Sites that the pass does not reach are missing from the trace.
    gradients
        Also differentiate the target's logit, in one backward pass that ends at the first site.
    target
        Class for all inputs, or int64 [N]; the top prediction of each input if None.

    Returns
    -------
    Trace
        Readings in the order in which the pass reached the sites, and the logits.

    Raises
    ------
    ModelError
        The output holds no logits [N, classes], or the network cannot be hooked.
    UnknownClassError
        The network has no class `target`.
    """
    module, inputs = prepare_for_hooks(module, inputs)
    with _forward_pass(module, inputs, sites, gradients=gradients) as (logits, reached):
        chosen = target_classes(logits, target)  # refuses a class that does not exist in any case
        classes = chosen if gradients else None
        score = None if classes is None else logits.gather(1, classes[:, None]).sum()
        grads = _gradients(score, reached)
    return _trace(inputs, logits, classes, reached, grads)


def capture_scores(
    module: nn.Module,
    inputs: Tensor,
    sites: Sequence[Site],
    scores: Callable[[Tensor], Tensor],
    read: Callable[[Trace], T],
) -> tuple[T, ...]:
    """Differentiate several scores of one forward pass, with one backward pass each.

    Parameters
    ----------
    module, sites
        As for `capture`.
    inputs
        [1, 3, H, W], normalised as the network expects.
    scores
        Takes the logits [1, classes] and returns weights [k, classes]; each row is one score, the
        weighted sum of the logits.
    read
        Extracts the result from the trace of one score, before the next trace is made. The trace's
        `target` is the class with the largest weight.

    Returns
    -------
    tuple
        What `read` returned for each of the k scores.

    Raises
    ------
    ModelError
        As for `capture`.
    """
    module, inputs = prepare_for_hooks(module, inputs)
    results = []
    with _forward_pass(module, inputs, sites, gradients=True) as (logits, reached):
        for row in scores(logits.detach()).to(logits):
            grads = _gradients((logits * row).sum(), reached, keep_graph=True)
            results.append(read(_trace(inputs, logits, row.argmax()[None], reached, grads)))
    return tuple(results)


@contextmanager
def _forward_pass(
    module: nn.Module, inputs: Tensor, sites: Sequence[Site], *, gradients: bool
) -> Iterator[tuple[Tensor, list[Tap]]]:
    """Yield the logits and the taps that the pass reached; the graph lives inside the block."""
    size = (inputs.shape[-2], inputs.shape[-1])
    reached: list[Tap] = []
    if gradients:
        require_normal_weights(module)
    with (
        state_guard(module, frozen=gradients),
        torch.inference_mode(False),
        torch.set_grad_enabled(gradients),
    ):
        with ExitStack() as hooks:
            call_taps: list[CallTap] = []
            buffer = TensorBuffer()
            for site in sites:
                tap = _tap(site, buffer, gradients=gradients, input_size=size)
                submodule = module.get_submodule(site.module)
                if isinstance(tap, _CALL_TAPS) and _is_call(site, submodule):
                    call_taps.append(tap)
                    continue
                hooks.callback(tap.attach(submodule).remove)
                hooks.callback(_record_order(submodule, tap, reached).remove)
            if call_taps:
                hooks.enter_context(dispatch_calls(module, call_taps, reached))
            logits = logits_of(module(inputs), module)
        if gradients and reached:
            require_graph(logits, module)
        yield logits, reached


def _trace(
    inputs: Tensor,
    logits: Tensor,
    classes: Tensor | None,
    reached: Sequence[Tap],
    gradients: Sequence[Tensor | None],
) -> Trace:
    readings: list[Reading] = [
        tap.reading(gradient) for tap, gradient in zip(reached, gradients, strict=True)
    ]
    size = (inputs.shape[-2], inputs.shape[-1])
    return Trace(tuple(readings), logits.detach().float(), classes, size)


def _tap(site: Site, buffer: TensorBuffer, *, gradients: bool, input_size: tuple[int, int]) -> Tap:
    if site.kind is Kind.CONTEXT:
        return ContextTap(site, gradients=gradients, input_size=input_size, buffer=buffer)
    kind = _TAPS[site.kind]
    if site.form is Form.FACTOR and site.kind is Kind.SPATIAL:
        kind = MaskTap
    return kind(site, gradients=gradients, input_size=input_size)


def _is_call(site: Site, module: nn.Module) -> bool:
    """Whether a site is an intercepted call; `nn.MultiheadAttention`'s fast path makes none."""
    return site.form is not Form.MODULE and not isinstance(module, nn.MultiheadAttention)


def _record_order(module: nn.Module, tap: Tap, reached: list[Tap]) -> Any:
    """Append the tap to `reached` when its module returns from the call that the tap has read."""

    def append(*_: object) -> None:
        if tap.captured is not None and tap not in reached:
            reached.append(tap)

    return module.register_forward_hook(append)


def _gradients(
    score: Tensor | None, taps: Sequence[Tap], *, keep_graph: bool = False
) -> list[Tensor | None]:
    """The score's gradient with respect to what each tap captured.

    In evaluation mode the inputs of a batch are independent, so one sum of scores serves them all.
    """
    if score is None or not taps:
        return [None] * len(taps)
    captured = [tap.captured for tap in taps if tap.captured is not None]
    grads = derivatives(score, captured, keep_graph=keep_graph)
    return [
        _zeros(value) if grad is None else grad for value, grad in zip(captured, grads, strict=True)
    ]


def _zeros(captured: TensorOrEdge) -> Tensor:
    """Gradient of a score that does not depend on it: zeros, or a single zero for an edge."""
    return torch.zeros_like(captured) if isinstance(captured, Tensor) else torch.zeros(1)
