"""Check that a network accepts hooks, and convert its input to the type of its weights."""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.fx import GraphModule

from attnviz.capture.hooks.submodules import all_modules
from attnviz.errors import ModelError


def prepare_for_hooks(module: nn.Module, inputs: Tensor) -> tuple[nn.Module, Tensor]:
    """Return the eager network behind a module, and the inputs in the type of its weights.

    A network made by `torch.compile` is replaced by the module that it was made from, which shares
    its weights and layers.

    Parameters
    ----------
    module
        The network to run.
    inputs
        [N, 3, H, W], floating point, on the network's device.

    Returns
    -------
    module : nn.Module
        The module on which hooks can be registered.
    inputs : Tensor
        [N, 3, H, W] in the type of the network's first floating-point weight.

    Raises
    ------
    ModelError
        The network is traced, scripted or exported, so it calls no hooks, or it is on another
        device than the inputs.
    """
    module = getattr(module, "_orig_mod", module)
    name = type(module).__name__
    modules = all_modules(module)
    if any(isinstance(submodule, torch.jit.ScriptModule) for submodule in modules):
        raise ModelError(
            f"{getattr(module, 'original_name', name)} is traced or scripted {_where(module)}, and "
            "its layers cannot be observed. Pass the module that it was made from."
        )
    if any(map(_is_exported, modules)):
        raise ModelError(
            f"{name} holds an exported graph, whose layers are dissolved into single operations "
            "and cannot be observed. Pass the module that was exported."
        )
    weights = chain(module.parameters(), module.buffers())
    first = next((weight for weight in weights if weight.is_floating_point()), None)
    if first is None:
        return module, inputs
    if first.device != inputs.device:
        raise ModelError(
            f"{name} is on {first.device}, but its input on {inputs.device}. "
            "Move the module to the input's device, or wrap it again after moving it."
        )
    return module, inputs.to(first.dtype)


def _is_exported(module: nn.Module) -> bool:
    """Whether a module is a graph of operations, as `torch.export` makes it, and not of layers."""
    return isinstance(module, GraphModule) and any(
        isinstance(node.target, OpOverload) for node in module.graph.nodes
    )


def _where(module: nn.Module) -> str:
    """Name the first traced or scripted submodule for a message."""
    named = module.named_modules()
    name = next(name for name, sub in named if isinstance(sub, torch.jit.ScriptModule))
    return f'in its submodule "{name}"' if name else "as a whole"


def is_compiled(module: nn.Module) -> bool:
    """Return whether a module runs compiled code instead of its layers."""
    return "_orig_mod" in module._modules or module._compiled_call_impl is not None
