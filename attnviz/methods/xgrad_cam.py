"""XGrad-CAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import FeatureReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import FeatureMethod, require_gradient


@METHODS.add
@dataclass(frozen=True)
class XGradCam(FeatureMethod):
    """Grad-CAM with gradients averaged in proportion to the activation (axiom-based).

    Values from 0 up. It is made for activations that are not negative: a channel whose signed
    values cancel gets a large weight.

    Notes
    -----
    A is the activation [C, h, w] and G the gradient of the class's score by it. The 1e-7 in
    the denominator is the authors'.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import FeatureReading
    >>> activation = torch.tensor([[[[1.0, 2.0]], [[4.0, 0.0]]]])  # [N, C, h, w]
    >>> gradient = torch.tensor([[[[1.0, 3.0]], [[-1.0, 1.0]]]])
    >>> reading = FeatureReading("block1", activation, gradient)
    >>> XGradCam().layer_map(reading)
    tensor([[[0.0000, 4.6667]]])
    """

    name: ClassVar[str] = "xgrad-cam"
    title: ClassVar[str] = "XGrad-CAM"
    paper: ClassVar[str] = "Fu et al., BMVC 2020, arXiv 2008.02312"
    formula: ClassVar[str] = "relu(sum over c of (sum(G_c A_c) / sum(A_c)) A_c)"

    def layer_map(self, reading: FeatureReading) -> Tensor:
        """See `LayerMethod`."""
        gradient = require_gradient(reading.gradient, self.name, reading.layer)
        activation = reading.activation
        mass = activation.sum((2, 3), keepdim=True)
        weights = (gradient * activation / (mass + 1e-7)).sum((2, 3), keepdim=True)
        return (weights * activation).sum(1).relu()
