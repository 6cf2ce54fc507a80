"""What a soft mask contributes to a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import SoftMaskReading
from attnviz.methods.base import METHODS, Nature, NetworkTraits
from attnviz.methods.trace_method import MaskMethod, require_gradient


@METHODS.add
@dataclass(frozen=True)
class MaskGradient(MaskMethod):
    """Mask times gradient: to first order, what each position adds to the class's score.

    Signed, in units of the score; negative values count against the class. This is relevance for a
    decision, and not what the network attends to.

    Notes
    -----
    M is the mask [C, h, w] and S the score of the class.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import SoftMaskReading
    >>> mask = torch.tensor([[[[0.25, 0.75]], [[0.5, 0.25]]]])  # [N, C, h, w]
    >>> trunk = torch.tensor([[[[2.0, 4.0]], [[4.0, 0.0]]]])
    >>> reading = SoftMaskReading("stage1", mask, trunk, base=trunk, mask_gradient=-trunk)
    >>> MaskGradient().layer_map(reading)
    tensor([[[-2.5000, -3.0000]]])
    """

    name: ClassVar[str] = "mask-gradient"
    title: ClassVar[str] = "Contribution of the mask to the class"
    paper: ClassVar[str] = "this project, after Wang et al., CVPR 2017"
    formula: ClassVar[str] = "sum over channels of M dS/dM"
    nature: ClassVar[Nature] = Nature.RELEVANCE
    gradients: ClassVar[bool] = True
    signed: ClassVar[bool] = True
    needs: ClassVar[str] = "soft masks on which the score depends"

    @classmethod
    def fits(cls, network: NetworkTraits) -> bool:
        """See `Method`; masks for single classes do not reach the score, which has no gradient."""
        return super().fits(network) and not network.class_masks

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        gradient = require_gradient(reading.mask_gradient, self.name, reading.layer)
        return (reading.mask * gradient).sum(1)
