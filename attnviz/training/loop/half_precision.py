"""Weights in half precision, as they are shipped."""

from __future__ import annotations

import torch
from torch import nn


def half_precision(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state of a network with floating-point tensors as float16; integers are kept."""
    return {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in module.state_dict().items()
    }


def round_to_half(module: nn.Module) -> None:
    """Round all weights in place to float16 values: they are scored as they are shipped."""
    for value in module.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())
