"""HiResCAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import FeatureReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import FeatureMethod, require_gradient


@METHODS.add
@dataclass(frozen=True)
class HiResCam(FeatureMethod):
    """Gradient times activation at each position, summed over the channels.

    Unlike Grad-CAM it does not average the gradient over positions, so it shows only positions that
    the score depends on to first order. Values from 0 up.

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
    >>> HiResCam().layer_map(reading)
    tensor([[[0., 6.]]])
    """

    name: ClassVar[str] = "hires-cam"
    title: ClassVar[str] = "HiResCAM"
    paper: ClassVar[str] = "Draelos & Carin 2020, arXiv 2011.08891"
    formula: ClassVar[str] = "relu(sum over c of G_c A_c)"

    def layer_map(self, reading: FeatureReading) -> Tensor:
        """See `LayerMethod`."""
        gradient = require_gradient(reading.gradient, self.name, reading.layer)
        return (gradient * reading.activation).sum(1).relu()
