"""One forward pass, and at most one backward pass, with everything read on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
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
from attnviz.errors import MethodError, ModelError

T = TypeVar("T")
_HALF_SCALE = 256.0
_KEYS_SAID = 8
_HEARING = (ContextTap, GateTap, MaskTap)

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
    """Run `module` on a batch and read it at `sites`.

    The outputs are the same with and without the reading. When this returns or raises, no hook is
    left, and training mode and `requires_grad` are as before. Not thread-safe on a shared module:
    the caller holds the model's lock.

    Args:
        module: any network that maps [N, 3, H, W] to logits, or to an object that holds them.
        inputs: [N, 3, H, W], normalised as the network expects.
        sites: where to read; sites that the pass does not reach are left out of the trace.
        gradients: also differentiate the target's logit, in one backward pass that ends at the
            first site.
        target: class for all inputs, or [N] classes; the highest logit of each input if None.

    Raises:
        ModelError: the output holds no logits [N, classes], or the network cannot be read.
        MethodError: the target is no class of the network.
    """
    module, inputs = prepare_for_hooks(module, inputs)
    with _passed(module, inputs, sites, gradients=gradients) as (logits, order):
        chosen = target_classes(logits, target) if gradients else None
        score = None if chosen is None else logits.gather(1, chosen[:, None]).sum()
        slopes = _slopes(score, order)
    return _trace(inputs, logits, chosen, order, slopes)


def capture_scores(
    module: nn.Module,
    inputs: Tensor,
    sites: Sequence[Site],
    scores: Callable[[Tensor], Tensor],
    read: Callable[[Trace], T],
) -> tuple[T, ...]:
    """Several scores from one forward pass, each with a backward pass of its own.

    scores: takes the logits [1, classes] and returns weights [k, classes]; of each row, the sum of
    the weighed logits is differentiated. read: what to keep of the trace of each row, before the
    next is made; its `target` is the class with the largest weight. All else is as in `capture`,
    for one input.
    """
    module, inputs = prepare_for_hooks(module, inputs)
    found = []
    with _passed(module, inputs, sites, gradients=True) as (logits, order):
        for row in scores(logits.detach()).to(logits):
            slopes = _slopes((logits * row).sum(), order, keep=True)
            found.append(read(_trace(inputs, logits, row.argmax()[None], order, slopes)))
    return tuple(found)


@contextmanager
def _passed(
    module: nn.Module, inputs: Tensor, sites: Sequence[Site], *, gradients: bool
) -> Iterator[tuple[Tensor, list[Tap]]]:
    """The logits and the taps that one forward pass reached; the graph lives meanwhile."""
    size = (inputs.shape[-2], inputs.shape[-1])
    order: list[Tap] = []
    with (
        state_guard(module, frozen=gradients),
        torch.inference_mode(False),
        torch.set_grad_enabled(gradients),
    ):
        with ExitStack() as hung:
            heard: list[CallTap] = []
            buffer = TensorBuffer()
            for site in sites:
                tap = _tap(site, buffer, gradients=gradients, input_size=size)
                part = module.get_submodule(site.module)
                if isinstance(tap, _HEARING) and _is_heard(site, part):
                    heard.append(tap)
                    continue
                hung.callback(tap.attach(part).remove)
                hung.callback(_noting(part, tap, order).remove)
            if heard:
                hung.enter_context(dispatch_calls(module, heard, order))
            logits = logits_of(module(inputs), module)
        yield logits, order


def _trace(
    inputs: Tensor,
    logits: Tensor,
    chosen: Tensor | None,
    order: Sequence[Tap],
    slopes: Sequence[Tensor | None],
) -> Trace:
    readings: list[Reading] = [tap.reading(slope) for tap, slope in zip(order, slopes, strict=True)]
    size = (inputs.shape[-2], inputs.shape[-1])
    return Trace(tuple(readings), logits.detach().float(), chosen, size)


def _tap(site: Site, buffer: TensorBuffer, *, gradients: bool, input_size: tuple[int, int]) -> Tap:
    if site.kind is Kind.CONTEXT:
        return ContextTap(site, gradients=gradients, input_size=input_size, buffer=buffer)
    kind = _TAPS[site.kind]
    if site.form is Form.FACTOR and site.kind is Kind.SPATIAL:
        kind = MaskTap
    return kind(site, gradients=gradients, input_size=input_size)


def _is_heard(site: Site, part: nn.Module) -> bool:
    """Whether a site is a call; `nn.MultiheadAttention` makes none on its fast path."""
    return site.form is not Form.MODULE and not isinstance(part, nn.MultiheadAttention)


def _noting(part: nn.Module, tap: Tap, order: list[Tap]) -> Any:
    """Remember the order in which the pass reaches the taps (once, for modules used twice)."""

    def note(*_: object) -> None:
        if tap not in order:
            order.append(tap)

    return part.register_forward_hook(note)


def _slopes(
    score: Tensor | None, order: Sequence[Tap], *, keep: bool = False
) -> list[Tensor | None]:
    """The score's derivative by what each tap watches; the graph stays if `keep`.

    Inputs of a batch do not touch each other in eval mode, so one sum of scores serves all of them.
    """
    if score is None or not order:
        return [None] * len(order)
    watched = [tap.captured for tap in order if tap.captured is not None]
    found = derivatives(score, watched, keep=keep)
    return [
        _nothing(one) if slope is None else slope for one, slope in zip(watched, found, strict=True)
    ]


def derivatives(
    score: Tensor, watched: Sequence[TensorOrEdge], *, keep: bool = False
) -> list[Tensor | None]:
    """The derivative of `score` by each of `captured`, None where it has none by it.

    Slopes of half precision would vanish below 6e-8, so a float16 score is scaled meanwhile; its
    derivatives are float32. The graph stays if `keep`.
    """
    scale = _HALF_SCALE if score.dtype is torch.float16 else 1.0
    each: Any = watched
    slopes = torch.autograd.grad(score * scale, each, allow_unused=True, retain_graph=keep)
    if scale == 1:
        return list(slopes)
    return [None if slope is None else slope.float() / scale for slope in slopes]


def _nothing(watched: TensorOrEdge) -> Tensor:
    """The derivative of a score that does not depend on it: zeros, or one zero for a place."""
    return torch.zeros_like(watched) if isinstance(watched, Tensor) else torch.zeros(1)


def target_classes(logits: Tensor, target: Tensor | int | None) -> Tensor:
    """The classes [N] to speak for: `target`, or the most probable ones if None.

    Raises MethodError for a class that the logits [N, classes] do not have.
    """
    if target is None:
        return logits.detach().argmax(1)
    chosen = torch.as_tensor(target, device=logits.device).expand(len(logits)).long()
    strange = chosen[(chosen < 0) | (chosen >= logits.shape[1])]
    if len(strange):
        raise MethodError(
            f"Class {int(strange[0])} was asked for, but the network has the classes "
            f"0 to {logits.shape[1] - 1}."
        )
    return chosen


def logits_of(output: Any, network: nn.Module) -> Tensor:
    """The logits [N, classes] in what `network` returned.

    A tensor, a tuple that begins with it, or an output object or dictionary that has `logits`.
    Raises ModelError for anything else, with the network's name.
    """
    returned = output
    if isinstance(output, Mapping) and "logits" in output:
        output = output["logits"]
    if hasattr(output, "logits"):
        output = output.logits
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    if isinstance(output, Tensor) and output.ndim == 2:
        return output
    raise ModelError(
        f"{type(network).__name__} returned {_in_words(returned)}, not logits of the shape "
        "[N, classes]. Wrap it in a module that returns them."
    )


def _in_words(output: Any) -> str:
    """What a network returned: a shape, a dictionary with its keys, or a type."""
    if isinstance(output, Tensor):
        return f"a tensor of the shape {list(output.shape)}"
    if isinstance(output, Mapping):
        keys = [*map(repr, output)]
        more = ", ..." if len(keys) > _KEYS_SAID else ""
        return f"a dictionary with the keys {', '.join(keys[:_KEYS_SAID]) or 'none'}{more}"
    if isinstance(output, (tuple, list)) and output:
        return f"a {type(output).__name__} that begins with {_in_words(output[0])}"
    return f"a value of the type {type(output).__name__}"
