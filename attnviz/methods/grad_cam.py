"""Grad-CAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import FeatureReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import FeatureMethod, require_gradient


@METHODS.add
@dataclass(frozen=True)
class GradCam(FeatureMethod):
    """Channels weighted by their mean gradient: positions that support the class.

    Values from 0 up, in units of the score. The paper means it for the last convolutions; maps of
    earlier layers are noisier.

    Notes
    -----
    A is the activation [C, h, w] and G the gradient of the class's score by it.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import FeatureReading
    >>> activation = torch.tensor([[[[1.0, 2.0]], [[4.0, 0.0]]]])  # [N, C, h, w]
    >>> gradient = torch.tensor([[[[1.0, 3.0]], [[-1.0, 1.0]]]])
    >>> reading = FeatureReading("block1", activation, gradient)
    >>> GradCam().layer_map(reading)
    tensor([[[2., 4.]]])
    """

    name: ClassVar[str] = "grad-cam"
    title: ClassVar[str] = "Grad-CAM"
    paper: ClassVar[str] = "Selvaraju et al., ICCV 2017, arXiv 1610.02391"
    formula: ClassVar[str] = "relu(sum over c of mean(G_c) A_c)"

    def layer_map(self, reading: FeatureReading) -> Tensor:
        """See `LayerMethod`."""
        gradient = require_gradient(reading.gradient, self.name, reading.layer)
        weights = gradient.mean((2, 3), keepdim=True)
        return (weights * reading.activation).sum(1).relu()
