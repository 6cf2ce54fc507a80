"""The soft mask itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import SoftMaskReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import MaskMethod


@METHODS.add
@dataclass(frozen=True)
class SoftMask(MaskMethod):
    """The mask as the network computed it, averaged over its channels; values in 0..1.

    A mask with one map for each channel often marks the background in its mean, because most
    channels describe texture: look at its spread and its single channels too.

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
    >>> SoftMask().layer_map(reading)
    tensor([[[0.3750, 0.5000]]])
    """

    name: ClassVar[str] = "soft-mask"
    title: ClassVar[str] = "Soft mask"
    paper: ClassVar[str] = "Wang et al., Residual Attention Network, CVPR 2017"
    formula: ClassVar[str] = "mean over channels of M"
    shares: ClassVar[bool] = True

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        return reading.mask.mean(1)
