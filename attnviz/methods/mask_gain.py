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
    """Length of what the mask adds, over the length of what it adds to; values from 0 up.

    B is the base of the gate: the trunk itself for attention residual learning, where the gain is
    close to the mask; the block's input for `ran-small`. Naive gating adds to nothing; there the
    length is taken over that of the ungated trunk.
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
