"""What a soft mask lets through."""

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
    """How strongly the gated features act at each place: the mean of |M T| over the channels.

    A mask may be high where its trunk is silent; its effect is high only where both speak. Values
    from 0 up, in units of the layer's features.
    """

    name: ClassVar[str] = "mask-effect"
    title: ClassVar[str] = "Effect of the mask"
    paper: ClassVar[str] = "this project, after Wang et al., CVPR 2017"
    formula: ClassVar[str] = "mean over channels of |M T|"

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        return (reading.mask * reading.trunk).abs().mean(1)
