"""Looking at a network without leaving traces in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without parameter gradients inside; everything as it was afterwards."""
    training = [part for part in module.modules() if part.training]
    needed = [weight for weight in module.parameters() if weight.requires_grad]
    try:
        if training:  # most networks come as they shall be, and a pass must not wait for loops
            module.eval()
        for weight in needed:
            weight.requires_grad_(False)
        yield
    finally:
        for part in training:
            part.training = True
        for weight in needed:
            weight.requires_grad_(True)
