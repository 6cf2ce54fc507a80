"""How much a soft mask changes the features it acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from attnviz.capture.readings import SoftMaskReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import MaskMethod


@METHODS.add
@dataclass(frozen=True)
class MaskGain(MaskMethod):
    """Norm of what the mask adds, over the norm of what it is added to; values from 0 up.

    For attention residual learning the base is the trunk itself, and the gain is close to the mask;
    for `ran-small` it is the block's input. Naive gating adds to nothing; there the norm is divided
    by that of the trunk before the mask.

    Notes
    -----
    M is the mask, T the trunk and B the base to which M T is added, each [C, h, w].

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import SoftMaskReading
    >>> mask = torch.tensor([[[[0.25, 0.75]], [[0.5, 0.25]]]])  # [N, C, h, w]
    >>> trunk = torch.tensor([[[[2.0, 4.0]], [[4.0, 0.0]]]])
    >>> reading = SoftMaskReading("stage1", mask, trunk, base=trunk)
    >>> MaskGain().layer_map(reading)
    tensor([[[0.4610, 0.7500]]])
    """

    name: ClassVar[str] = "mask-gain"
    title: ClassVar[str] = "Relative gain of the mask"
    paper: ClassVar[str] = "this project, after Wang et al., CVPR 2017"
    formula: ClassVar[str] = "||M T|| / ||B||, norms over channels"

    def layer_map(self, reading: SoftMaskReading) -> Tensor:
        """See `LayerMethod`."""
        added: Tensor = torch.linalg.vector_norm(reading.mask * reading.trunk, dim=1)
        base = reading.trunk if reading.base is None else reading.base
        gain: Tensor = added / torch.linalg.vector_norm(base, dim=1).clamp_min(1e-6)
        return gain
