"""An exponential moving average of a network, buffers included."""

from __future__ import annotations

import copy

import torch
from torch import nn


# `torch.optim.swa_utils.AveragedModel` would save six lines, with a function of our own for this
# decay and for integer buffers. It gives the same weights, but takes twice as long (it copies each
# tensor), and keeps its own count of updates, which a resumed run would have to restore: an update
# at count 0 replaces the average.
class MovingAverage:
    """Keeps a copy of a network whose weights and running statistics are moving averages.

    The decay grows with the steps done, min(decay, (1 + step) / (10 + step)), so that the random
    start is soon forgotten, as in TensorFlow's `ExponentialMovingAverage` (Tan & Le 2019).

    Parameters
    ----------
    module
        The network that is trained.
    decay
        Largest decay per step, 0..1; 0 copies the network.

    Attributes
    ----------
    module
        The averaged copy, in evaluation mode, without gradients.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.module = copy.deepcopy(module).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Update the average with the weights of `module`.

        Parameters
        ----------
        module
            The network after the optimiser step.
        step
            Number of optimiser steps done, from 1.
        """
        share = 1 - min(self.decay, (1 + step) / (10 + step)) if self.decay else 1.0
        current = module.state_dict()
        for name, value in self.module.state_dict().items():
            if value.is_floating_point():
                value.lerp_(current[name], share)
            else:
                value.copy_(current[name])
