"""Grad-CAM++."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from attnviz.capture.readings import FeatureReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import FeatureMethod, require_gradient

_LEAST = 1e-6


@METHODS.add
@dataclass(frozen=True)
class GradCamPlusPlus(FeatureMethod):
    """Grad-CAM with a weight for each position, so that several objects of a class all show.

    Values from 0 up.

    Notes
    -----
    A is the activation [C, h, w] and G the gradient of the class's score by it. As in the authors'
    closed form, the second and third derivatives are powers of the first, which holds for
    exp(score).

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import FeatureReading
    >>> activation = torch.tensor([[[[1.0, 2.0]], [[4.0, 0.0]]]])  # [N, C, h, w]
    >>> gradient = torch.tensor([[[[1.0, 3.0]], [[-1.0, 1.0]]]])
    >>> reading = FeatureReading("block1", activation, gradient)
    >>> GradCamPlusPlus().layer_map(reading)
    tensor([[[1.1394, 0.9455]]])
    """

    name: ClassVar[str] = "grad-cam++"
    title: ClassVar[str] = "Grad-CAM++"
    paper: ClassVar[str] = "Chattopadhay et al., WACV 2018, arXiv 1710.11063"
    formula: ClassVar[str] = (
        "relu(sum over c of w_c A_c), w_c = sum(a relu(G_c)), a = G^2 / (2 G^2 + sum(A_c) G^3)"
    )

    def layer_map(self, reading: FeatureReading) -> Tensor:
        """See `LayerMethod`."""
        gradient = require_gradient(reading.gradient, self.name, reading.layer)
        activation = reading.activation
        square = gradient**2
        mass = activation.sum((2, 3), keepdim=True)
        below = 2 * square + mass * square * gradient + _LEAST
        # Where activations are negative, as before a ReLU, it may vanish, and the map overflowed.
        share = square / torch.where(below.abs() < _LEAST, _LEAST, below)
        share = torch.where(gradient != 0, share, torch.zeros_like(share))
        weights = (share * gradient.relu()).sum((2, 3), keepdim=True)
        return (weights * activation).sum(1).relu()
