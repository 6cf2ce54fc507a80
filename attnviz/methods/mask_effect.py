"""The features that a soft mask lets through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import SoftMaskReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import MaskMethod


@METHODS.add
@dataclass(frozen=True)
class MaskEffect(MaskMethod):
    """How strongly the masked features act at each position: the mean of |M T| over channels.

    A mask may be high where its trunk is inactive; its effect is high only where both are. Values
    from 0 up, in units of the layer's features.

    Notes
    -----
    M is the mask and T the trunk, both [C, h, w].

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import SoftMaskReading
    >>> mask = torch.tensor([[[[0.25, 0.75]], [[0.5, 0.25]]]])  # [N, C, h, w]
    >>> trunk = torch.tensor([[[[2.0, 4.0]], [[4.0, 0.0]]]])
    >>> reading = SoftMaskReading("stage1", mask, trunk, base=trunk)
    >>> MaskEffect().layer_map(reading)
    tensor([[[1.2500, 1.5000]]])
    """

    name: ClassVar[str] = "mask-effect"
    title: ClassVar[str] = "Effect of the mask"
    paper: ClassVar[str] = "this project, after Wang et al., CVPR 2017"
    formula: ClassVar[str] = "mean over channels of |M T|"

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        return (reading.mask * reading.trunk).abs().mean(1)
