"""Run a network for inspection and restore its state afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn

from attnviz.capture.hooks.eager import is_compiled
from attnviz.capture.hooks.recomputation import without_recomputation
from attnviz.capture.hooks.submodules import all_modules


@contextmanager
def state_guard(module: nn.Module, *, frozen: bool = False) -> Iterator[None]:
    """Switch a network to evaluation mode; restore all flags on exit, also after an error.

    Compiled submodules run eagerly inside, because compiled code calls no hooks, and checkpointed
    parts run once.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    frozen
        Also turn off `requires_grad` of all parameters, so that a backward pass computes no
        gradients for them.

    Yields
    ------
    None

    Notes
    -----
    A pass without gradients must leave `requires_grad` alone: `torch.matmul` reads it, also under
    `no_grad`, to decide whether to fold a batch, and then sums in another order.
    """
    modules = all_modules(module)
    training = [submodule for submodule in modules if submodule.training]
    parameters = (
        weight for submodule in modules for weight in submodule._parameters.values() if frozen
    )
    trainable = [weight for weight in parameters if weight is not None and weight.requires_grad]
    trainable = [weight for weight in trainable if not weight.is_inference()]  # fixed for ever
    try:
        if training:  # most networks are in evaluation mode already; save the walk
            module.eval()
        for weight in trainable:
            weight.requires_grad_(False)
        with (
            without_recomputation(),
            torch.compiler.set_stance("force_eager")
            if any(map(is_compiled, modules))
            else nullcontext(),
        ):
            yield
    finally:
        for submodule in training:
            submodule.training = True
        for weight in trainable:
            weight.requires_grad_(True)
