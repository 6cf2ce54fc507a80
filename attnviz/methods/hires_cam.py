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
    """Gradient times activation, place by place, summed over the channels.

    Unlike Grad-CAM it does not average the gradient over places, so it shows only places that the
    score rests on to first order. A: activation [C, h, w]; G: gradient. Values from 0 up.
    """

    name: ClassVar[str] = "hires-cam"
    title: ClassVar[str] = "HiResCAM"
    paper: ClassVar[str] = "Draelos & Carin 2020, arXiv 2011.08891"
    formula: ClassVar[str] = "relu(sum over c of G_c A_c)"

    def layer_map(self, reading: FeatureReading) -> Tensor:
        """See `LayerMethod`."""
        gradient = require_gradient(reading.gradient, self.name, reading.layer)
        return (gradient * reading.activation).sum(1).relu()
