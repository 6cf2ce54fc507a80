"""Why a network failed on a picture, as a sentence that tells the cause and what helps.

The cause is found by trying again: alone, without anything that looks at the network, and then with
gradients. What works alone is not the network's fault, and no other preprocessing would help it.
"""

from __future__ import annotations

import inspect
import re
import traceback

import torch
from torch import Tensor, nn

from attnviz.analysis.input_search import USUAL_SIDES, forward, what_fails, working_sides
from attnviz.capture.gradients import require_normal_weights
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.errors import AttnvizError, GradientError, InputError, InternalError, ModelError

_PREPROCESSING = "Give `wrap` the preprocessing that the network expects"
_SIZES = re.compile(
    r"shapes? cannot be multiplied|(size|shape) mismatch|sizes? of tensors?|must match the"
    r"|(doesn't|does not|do not|don't) match|is invalid for input of size|divisible|divide axis"
    r"|output size is too small|actual input size|should be less than|(image|input) .*(size|height)"
    r"|number of channels|channel dimension",
    re.IGNORECASE,
)
_CHANNELS = re.compile(r"weight of size \[([\d, ]+)\], expected input\[([\d, ]+)\] to have (\d+)")
_TYPES = re.compile(r"same dtype|should be the same|expected scalar type|expected .*dtype")
_NO_SIZES = (TypeError, LookupError, AttributeError, NotImplementedError)
_PICTURE_CHANNELS = (1, 3, 4)


def failure_on(network: nn.Module, inputs: Tensor, error: Exception, name: str) -> AttnvizError:
    """Return what to tell a user of an unexpected error during work with a network.

    Parameters
    ----------
    network
        The network that was run; the caller holds its lock.
    inputs
        [N, C, H, W], what it was run on.
    error
        What was raised.
    name
        The model's name.

    Returns
    -------
    AttnvizError
        `ModelError` if the network fails alone as well, `GradientError` if it does so with
        gradients, and else `InternalError`: what looked at it failed.

    Raises
    ------
    Exception
        Memory ran out, which a retry may mend.
    """
    alone = what_fails(forward, network, inputs)
    if alone is not None:
        return alone if isinstance(alone, AttnvizError) else _own(network, inputs, alone, name)
    backward = what_fails(_backward, network, inputs)
    if isinstance(backward, AttnvizError):
        return backward
    if backward is not None:
        return GradientError(
            f"{name} runs, but not with gradients ({_reason(backward)}). Change that step of it, "
            "or choose a method that needs none, such as score-cam."
        )
    return InternalError(
        f"attnviz itself failed on {name} ({type(error).__name__} in {_place(error)}: "
        f"{_reason(error)}); the network alone runs. Please report this as a fault of attnviz, and "
        "try another method."
    )


def is_inside(network: nn.Module, error: Exception) -> bool:
    """Return whether an error was raised while a network ran."""
    call = nn.Module._call_impl.__code__
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(one.f_code is call and one.f_locals.get("self") is network for one in frames)


def _backward(network: nn.Module, inputs: Tensor) -> None:
    require_normal_weights(network)
    with state_guard(network, frozen=True), torch.inference_mode(False), torch.enable_grad():
        start = inputs.detach().clone().requires_grad_()
        logits = logits_of(network(start), network)
        if logits.requires_grad:  # else that was said before anything was differentiated
            torch.autograd.grad(logits.sum(), start, allow_unused=True)


def _own(network: nn.Module, inputs: Tensor, error: Exception, name: str) -> ModelError:
    """What to tell of a network that fails by itself."""
    missing = _missing(network, inputs)
    if missing is not None:
        return ModelError(
            f"{name} takes {missing}. Wrap it in a module whose `forward` takes the pictures "
            "[N, C, H, W] alone and adds the rest."
        )
    reason, size = _reason(error), " x ".join(map(str, inputs.shape[-2:]))
    sides = working_sides(network, inputs) if _is_of_sizes(error) else None
    remedy = _remedy(inputs, error, sides)
    return InputError(f"{name} failed on an input of {size} pixels ({reason}). {remedy}", sides)


def _is_of_sizes(error: Exception) -> bool:
    """Whether an error may mean that an input of another size is needed."""
    text = str(error)
    plain = not _CHANNELS.search(text) and not _TYPES.search(text)
    bare = isinstance(error, AssertionError)
    return plain and (bare or bool(_SIZES.search(text))) and not isinstance(error, _NO_SIZES)


def _remedy(inputs: Tensor, error: Exception, sides: tuple[int, int] | None) -> str:
    text = str(error)
    channels = _CHANNELS.search(text)
    if channels is not None:
        weight, shape, count = channels.groups()
        first = shape == ", ".join(map(str, inputs.shape)) and weight.count(",") == 3
        if first and int(count) in _PICTURE_CHANNELS:
            return f"{_PREPROCESSING}: `mean` and `std` of {count} numbers each, one per channel."
        if first:
            return (
                f"It takes {count} channels, and pictures have 1, 3 or 4. Wrap it in a module that "
                "makes its channels of these."
            )
    elif isinstance(error, NotImplementedError) and "forward" in text:
        return "It has no `forward`: wrap the network that calls its parts."
    elif _TYPES.search(text):
        return "Its layers are of several types: call `.float()` on it before you wrap it."
    elif sides is not None:
        size = sides[0] if sides[0] == sides[1] else sides
        return f'{_PREPROCESSING}: it runs with `Preprocess(size={size}, fit="crop")`.'
    elif _is_of_sizes(error) and _SIZES.search(text):
        return (
            f"It fails on all usual square inputs alike, {min(USUAL_SIDES)} to "
            f"{max(USUAL_SIDES)} pixels: give the size that it was made for to `wrap` as "
            "`Preprocess(size=...)`, or look whether its layers fit each other."
        )
    return (
        f"It gets one tensor {list(inputs.shape)}; if its `forward` expects something else, such "
        "as a list or a dictionary, wrap it in a module that makes this of the tensor."
    )


def _missing(network: nn.Module, inputs: Tensor) -> str | None:
    """What a network's `forward` takes, in words, if a picture alone is not enough."""
    try:
        signature = inspect.signature(network.forward)
    except (TypeError, ValueError):  # a builtin has none
        return None
    try:
        signature.bind(inputs)
    except TypeError:
        needed = [
            one.name
            for one in signature.parameters.values()
            if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        ]
        if len(needed) == 1:
            return f"its input by the name {needed[0]!r} alone"
        return f"{len(needed)} inputs ({', '.join(needed)})" if needed else "no input"
    return None


def _reason(error: Exception) -> str:
    """The first line of an error; after its type where it is a bare name, as of a KeyError."""
    first = (str(error).strip().splitlines() or [""])[0]
    if first and " " in first:
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _place(error: Exception) -> str:
    """The innermost part of attnviz that an error went through."""
    frames = [
        (str(frame.f_globals.get("__name__", "")), line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [(name, line) for name, line in frames if name.startswith("attnviz.")]
    name, line = (own or frames)[-1]
    return f"{name}, line {line}"
