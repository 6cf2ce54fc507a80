"""LayerCAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import FeatureReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import FeatureMethod, require_gradient


@METHODS.add
@dataclass(frozen=True)
class LayerCam(FeatureMethod):
    """Activation weighted by the positive part of its own gradient; made for early layers too.

    Values from 0 up. The paper also rescales maps of early layers by a tanh before it fuses them;
    that is omitted, as maps here are in absolute values.

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
    >>> LayerCam().layer_map(reading)
    tensor([[[1., 6.]]])
    """

    name: ClassVar[str] = "layer-cam"
    title: ClassVar[str] = "LayerCAM"
    paper: ClassVar[str] = "Jiang et al., TIP 2021, doi 10.1109/TIP.2021.3089943"
    formula: ClassVar[str] = "relu(sum over c of relu(G_c) A_c)"

    def layer_map(self, reading: FeatureReading) -> Tensor:
        """See `LayerMethod`."""
        gradient = require_gradient(reading.gradient, self.name, reading.layer)
        return (gradient.relu() * reading.activation).sum(1).relu()
