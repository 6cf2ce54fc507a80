"""Refuse what `wrap` cannot use, and say what to pass instead."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn
from torch.nn.parameter import is_lazy

from attnviz.errors import ModelError

_QUANTIZED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized", "torch.nn.quantized")


def check_wrappable(module: object) -> nn.Module:
    """Return a network that can run and be observed.

    Parameters
    ----------
    module
        What a user passes to `wrap`.

    Returns
    -------
    nn.Module
        `module` itself.

    Raises
    ------
    ModelError
        It is no module, its weights are not there yet (lazy layers, the device "meta"), or it is
        quantized. The text says what to pass instead.

    Examples
    --------
    >>> check_wrappable(nn.Linear(2, 3).state_dict())
    Traceback (most recent call last):
    ...
    attnviz.errors.ModelError: `wrap` takes a torch.nn.Module, and OrderedDict holds weights only. \
Build the network, call `load_state_dict` with them, and wrap the network.
    """
    if not isinstance(module, nn.Module):
        raise ModelError(f"`wrap` takes a torch.nn.Module, and {_advice(module)}")
    name = type(module).__name__
    weights = [*module.named_parameters(), *module.named_buffers()]
    lazy = [key for key, weight in weights if is_lazy(weight)]
    if lazy:
        raise ModelError(
            f"{name} has layers whose size is unknown before their first run (such as {lazy[0]}). "
            "Run it once on an input, as in `module(torch.zeros(1, 3, 224, 224))`, and then wrap "
            "it."
        )
    meta = [key for key, weight in weights if weight.is_meta]
    if meta:
        raise ModelError(
            f'{name} has weights on the device "meta", which hold no numbers (such as {meta[0]}). '
            'Call `module.to_empty(device="cpu")`, load its weights, and then wrap it.'
        )
    quantized = _quantized(module)
    if quantized is not None:
        raise ModelError(
            f"{name} is quantized {quantized}, and quantized layers have no gradients. Wrap the "
            "float network that it was made from."
        )
    return module


def _advice(given: object) -> str:
    """What was given instead of a module, and what to do about it."""
    kind = type(given).__name__
    if isinstance(given, type) and issubclass(given, nn.Module):
        return (
            f"{given.__name__} is a class. Wrap an instance of it, as in `{given.__name__}(...)`."
        )
    if isinstance(given, Mapping):
        return (
            f"{kind} holds weights only. Build the network, call `load_state_dict` with them, and "
            "wrap the network."
        )
    if isinstance(given, (str, bytes)) or hasattr(given, "__fspath__"):
        return (
            f"{given!r} is a name. Use `load_model` for a network of the catalogue; for a file of "
            "weights, build the network, load them into it, and wrap the network."
        )
    if hasattr(given, "module") and isinstance(given.module, nn.Module):
        return f"{kind} holds one. Wrap its `module`, or use it as it is if it is wrapped already."
    if callable(given):
        shown = getattr(given, "__name__", kind)
        return (
            f"{shown} is a function, whose layers cannot be observed. Wrap the module that it "
            "calls, or call it in the `forward` of a module that holds its layers."
        )
    return f"{kind} is none. Pass the network itself."


def _quantized(module: nn.Module) -> str | None:
    """Where a network is quantized, in words; None if nowhere."""
    for name, part in module.named_modules():
        weights = (*part._parameters.values(), *part._buffers.values())
        if type(part).__module__.startswith(_QUANTIZED) or any(
            weight is not None and weight.is_quantized for weight in weights
        ):
            return f'in its submodule "{name}"' if name else "as a whole"
    return None
