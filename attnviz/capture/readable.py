"""Whether a network can be read, and its input as it wants it."""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor, nn

from attnviz.errors import ModelError


def readable(module: nn.Module, inputs: Tensor) -> tuple[nn.Module, Tensor]:
    """The network to run and what to give it: the eager one, and inputs of its weights' type.

    A network made by `torch.compile` is read in the module that it was made from, which has the
    same weights and layers.

    Raises:
        ModelError: a traced or scripted network, which takes no hooks, or one that lies on another
            device than the inputs.
    """
    module = getattr(module, "_orig_mod", module)
    name = type(module).__name__
    for part_name, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            where = f'in its part "{part_name}"' if part_name else "as a whole"
            raise ModelError(
                f"{getattr(module, 'original_name', name)} is traced or scripted {where}, and its "
                "layers cannot be watched. Give the module that it was made from."
            )
    weights = chain(module.parameters(), module.buffers())
    first = next((one for one in weights if one.is_floating_point()), None)
    if first is None:
        return module, inputs
    if first.device != inputs.device:
        raise ModelError(
            f"{name} lies on {first.device}, but its input on {inputs.device}. "
            "Move the module to the input's device, or wrap it anew after moving it."
        )
    return module, inputs.to(first.dtype)


def is_compiled(module: nn.Module) -> bool:
    """Whether any part of a network runs compiled code instead of its layers."""
    return any(
        hasattr(part, "_orig_mod") or getattr(part, "_compiled_call_impl", None) is not None
        for part in module.modules()
    )
