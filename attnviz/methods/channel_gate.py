"""The positions whose channels a gate favours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import GateReading
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import GateMethod

# Positions with less than this share of the mean activity count as inactive.
_SILENCE = 1e-3


@METHODS.add
@dataclass(frozen=True)
class ChannelGateMean(GateMethod):
    """The mean gate at each position, channels weighted by how active they are there.

    A gate says what passes, not where; this shows the positions whose features it favours. In units
    of the gate, so a map of 0.7 means that 70 % of what is active there passes; the same everywhere
    if the gate treats all channels alike, however strong the features are. Where nothing is active,
    the plain mean of the gate.

    Notes
    -----
    g is the gate [C], A are the features before it [C, h, w].

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import GateReading
    >>> features = torch.tensor([[[[1.0, 3.0]], [[3.0, 1.0]]]])  # [N, C, h, w]
    >>> reading = GateReading("block1", torch.tensor([[1.0, 0.2]]), features)
    >>> ChannelGateMean().layer_map(reading)
    tensor([[[0.4002, 0.7998]]])
    """

    name: ClassVar[str] = "channel-gate"
    title: ClassVar[str] = "What the channel gate favours"
    paper: ClassVar[str] = "this project, after Hu et al., CVPR 2018, arXiv 1709.01507"
    formula: ClassVar[str] = "sum over c of g_c |A_c| / sum over c of |A_c|"

    def layer_map(self, reading: GateReading) -> Tensor:
        """See `LayerMethod`."""
        gate = reading.gate[:, :, None, None]
        activity = reading.features.abs()
        silence = _SILENCE * activity.mean((1, 2, 3), keepdim=True)
        weights = activity + silence.clamp_min(1e-12)
        return (gate * weights).sum(1) / weights.sum(1)
