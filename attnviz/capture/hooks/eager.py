"""Whether a network can be read, and its input as it wants it."""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.submodules import all_modules
from attnviz.errors import ModelError


def prepare_for_hooks(module: nn.Module, inputs: Tensor) -> tuple[nn.Module, Tensor]:
    """The network to run and what to give it: the eager one, and inputs of its weights' type.

    A network made by `torch.compile` is read in the module that it was made from, which has the
    same weights and layers.

    Raises:
        ModelError: a traced or scripted network, which takes no hooks, or one that lies on another
            device than the inputs.
    """
    module = getattr(module, "_orig_mod", module)
    name = type(module).__name__
    if any(isinstance(part, torch.jit.ScriptModule) for part in all_modules(module)):
        raise ModelError(
            f"{getattr(module, 'original_name', name)} is traced or scripted {_where(module)}, and "
            "its layers cannot be watched. Give the module that it was made from."
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


def _where(module: nn.Module) -> str:
    """The first traced or scripted part, in words."""
    named = module.named_modules()
    name = next(name for name, part in named if isinstance(part, torch.jit.ScriptModule))
    return f'in its part "{name}"' if name else "as a whole"


def is_compiled(part: nn.Module) -> bool:
    """Whether a module runs compiled code instead of its layers."""
    return "_orig_mod" in part._modules or part._compiled_call_impl is not None
