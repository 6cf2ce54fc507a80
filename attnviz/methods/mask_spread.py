"""Where the channels of a soft mask disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import SoftMaskReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import MaskMethod


@METHODS.add
@dataclass(frozen=True)
class MaskSpread(MaskMethod):
    """Standard deviation of the mask over its channels; 0 everywhere if it has only one.

    Values in 0..0.5.

    Notes
    -----
    M is the mask [C, h, w].

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import SoftMaskReading
    >>> mask = torch.tensor([[[[0.25, 0.75]], [[0.5, 0.25]]]])  # [N, C, h, w]
    >>> trunk = torch.tensor([[[[2.0, 4.0]], [[4.0, 0.0]]]])
    >>> reading = SoftMaskReading("stage1", mask, trunk, base=trunk)
    >>> MaskSpread().layer_map(reading)
    tensor([[[0.1250, 0.2500]]])
    """

    name: ClassVar[str] = "mask-spread"
    title: ClassVar[str] = "Spread of the mask over channels"
    paper: ClassVar[str] = "this project, after Wang et al., CVPR 2017"
    formula: ClassVar[str] = "standard deviation over channels of M"
    shares: ClassVar[bool] = True

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        return reading.mask.std(1, correction=0)
