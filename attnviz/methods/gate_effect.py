"""The features behind a channel gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from attnviz.capture.readings import GateReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import GateMethod


@METHODS.add
@dataclass(frozen=True)
class GateEffect(GateMethod):
    """How strong the features are behind the gate: the mean of |g A| over the channels.

    Values from 0 up, in units of the layer's features. It is high wherever features are, even
    behind a gate that passes everything: `channel-gate` shows what the gate itself adds.

    Notes
    -----
    g is the gate [C], A are the features before it [C, h, w].

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import GateReading
    >>> features = torch.tensor([[[[1.0, 3.0]], [[3.0, 1.0]]]])  # [N, C, h, w]
    >>> reading = GateReading("block1", torch.tensor([[1.0, 0.2]]), features)
    >>> GateEffect().layer_map(reading)
    tensor([[[0.8000, 1.6000]]])
    """

    name: ClassVar[str] = "gate-effect"
    title: ClassVar[str] = "Features behind the channel gate"
    paper: ClassVar[str] = "this project, after Hu et al., CVPR 2018, arXiv 1709.01507"
    formula: ClassVar[str] = "mean over channels of |g_c A_c|"

    def layer_map(self, reading: GateReading) -> Tensor:
        """See `LayerMethod`."""
        passed = torch.einsum("nc,nchw->nhw", reading.gate.abs(), reading.features.abs())
        return passed / reading.gate.shape[1]
