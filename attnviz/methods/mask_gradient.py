"""What a soft mask contributes to a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import SoftMaskReading
from attnviz.methods.base import METHODS, Nature
from attnviz.methods.trace_method import MaskMethod, require_gradient


@METHODS.add
@dataclass(frozen=True)
class MaskGradient(MaskMethod):
    """Mask times gradient: to first order, what each place of the mask adds to the class's score.

    Signed: below zero the mask speaks against the class. In units of the score. This is relevance
    for a decision, and not what the network attends to.
    """

    name: ClassVar[str] = "mask-gradient"
    title: ClassVar[str] = "Contribution of the mask to the class"
    paper: ClassVar[str] = "this project, after Wang et al., CVPR 2017"
    formula: ClassVar[str] = "sum over channels of M dS/dM"
    nature: ClassVar[Nature] = Nature.RELEVANCE
    gradients: ClassVar[bool] = True
    signed: ClassVar[bool] = True

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        gradient = require_gradient(reading.mask_gradient, self.name, reading.layer)
        return (reading.mask * gradient).sum(1)
