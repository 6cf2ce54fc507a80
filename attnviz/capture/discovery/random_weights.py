"""Random weights for a module whose input is perturbed."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def random_weights(module: nn.Module, random: torch.Generator) -> dict[str, Tensor]:
    """Draw weights with which every position of a module's input reaches its output.

    The network's own weights may be 0 or NaN.

    Parameters
    ----------
    module
        Gives names, shapes and devices.
    random
        Source of the weights.

    Returns
    -------
    dict of str to Tensor
        float32 parameters, and floating-point buffers without NaN.
    """
    drawn: dict[str, Tensor] = {}
    convolutions = {
        f"{name}.weight".lstrip(".")
        for name, submodule in module.named_modules()
        if isinstance(submodule, nn.Conv2d)
    }
    for name, weight in module.named_parameters():
        if weight.ndim > 1:
            value = torch.randn(weight.shape, generator=random) / weight[0].numel() ** 0.5
            value = value * _centre_kernel(weight.shape[2:]) if name in convolutions else value
        else:
            value = 0.5 + torch.rand(weight.shape, generator=random)
        drawn[name] = value.to(weight.device)
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            drawn[name] = buffer.float().nan_to_num()
    return drawn


def _centre_kernel(kernel: tuple[int, ...]) -> Tensor:
    """1 in the middle of a kernel of odd sides, else 0; 1 everywhere for even sides."""
    if not all(side % 2 for side in kernel):
        return torch.ones(kernel)
    centre = torch.zeros(kernel)
    centre[tuple(side // 2 for side in kernel)] = 1
    return centre
