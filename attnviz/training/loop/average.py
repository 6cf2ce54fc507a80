"""An exponential moving average of a network, buffers included."""

from __future__ import annotations

import copy

import torch
from torch import nn


class MovingAverage:
    """`module` is a copy whose weights and running statistics trail the original's.

    The decay grows with the steps done, min(decay, (1 + step) / (10 + step)), so the random start
    is soon forgotten (Tan & Le 2019 and TensorFlow's moving average do the same).
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.module = copy.deepcopy(module).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights after optimiser step `step` (counted from 1)."""
        share = 1 - min(self.decay, (1 + step) / (10 + step)) if self.decay else 1.0
        fresh = module.state_dict()
        for name, value in self.module.state_dict().items():
            if value.is_floating_point():
                value.lerp_(fresh[name], share)
            else:
                value.copy_(fresh[name])
