"""A single channel of a soft mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import SoftMaskReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import MaskMethod


@METHODS.add
@dataclass(frozen=True)
class MaskChannel(MaskMethod):
    """One channel of the mask, values in 0..1.

    rank: 0 for the channel that varies most over the picture, 1 for the next, and so on; the last
    one if the mask has fewer channels.
    """

    rank: int = 0

    name: ClassVar[str] = "mask-channel"
    title: ClassVar[str] = "Most varied channel of the mask"
    paper: ClassVar[str] = "Wang et al., Residual Attention Network, CVPR 2017"
    formula: ClassVar[str] = "M_c, c by falling standard deviation over places"
    shares: ClassVar[bool] = True

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        mask = reading.mask
        order = mask.flatten(2).std(2, correction=0).argsort(dim=1, descending=True)
        chosen = order[:, min(self.rank, mask.shape[1] - 1)]
        return mask[range(len(mask)), chosen]
