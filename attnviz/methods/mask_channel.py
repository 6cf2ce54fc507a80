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
    """One channel of the mask; values in 0..1.

    Parameters
    ----------
    rank
        0 for the channel that varies most over the picture, 1 for the next, and so on; the last
        channel if the mask has fewer.

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
    >>> MaskChannel().layer_map(reading)
    tensor([[[0.2500, 0.7500]]])
    """

    rank: int = 0

    name: ClassVar[str] = "mask-channel"
    title: ClassVar[str] = "Most varied channel of the mask"
    paper: ClassVar[str] = "Wang et al., Residual Attention Network, CVPR 2017"
    formula: ClassVar[str] = "M_c, c by falling standard deviation over positions"
    shares: ClassVar[bool] = True

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        mask = reading.mask
        order = mask.flatten(2).std(2, correction=0).argsort(dim=1, descending=True)
        chosen = order[:, min(self.rank, mask.shape[1] - 1)]
        return mask[range(len(mask)), chosen]
