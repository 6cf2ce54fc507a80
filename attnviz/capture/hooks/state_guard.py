"""Looking at a network without leaving traces in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn

from attnviz.capture.hooks.eager import is_compiled
from attnviz.capture.hooks.submodules import all_modules


@contextmanager
def state_guard(module: nn.Module, *, frozen: bool = False) -> Iterator[None]:
    """Evaluation mode inside; everything as it was afterwards.

    Compiled parts run their layers one by one, for in compiled code nothing can be watched.

    frozen: also turn off `requires_grad` of all parameters, so that a backward pass makes no
    gradients for them. A pass without gradients must leave the flags alone: `torch.matmul` reads
    them, also under `no_grad`, to decide whether it folds a batch, and sums in another order.
    """
    parts = all_modules(module)
    training = [part for part in parts if part.training]
    weights = (weight for part in parts for weight in part._parameters.values() if frozen)
    needed = [weight for weight in weights if weight is not None and weight.requires_grad]
    try:
        if training:  # most networks come as they shall be, and a pass must not wait for loops
            module.eval()
        for weight in needed:
            weight.requires_grad_(False)
        with (
            torch.compiler.set_stance("force_eager")
            if any(map(is_compiled, parts))
            else nullcontext()
        ):
            yield
    finally:
        for part in training:
            part.training = True
        for weight in needed:
            weight.requires_grad_(True)
