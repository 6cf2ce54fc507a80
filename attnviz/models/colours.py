"""Colours as the channels that a network takes."""

from __future__ import annotations

import torch
from torch import Tensor

from attnviz.errors import ModelError

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow and torchvision make pictures grey


def to_channels(inputs: Tensor, channels: int) -> Tensor:
    """Return RGB [N, 3, h, w] as grey, RGB, or RGB and opacity; ModelError for other numbers."""
    if channels not in (1, 3, 4):
        raise ModelError(
            f"The network takes {channels} channels, and what it was given has those of colours "
            f"alone. Open a file or an array with {channels} channels, by `attnviz.open_channels`."
        )
    if channels == 1:
        luma = torch.tensor(_LUMA, dtype=inputs.dtype, device=inputs.device).view(1, 3, 1, 1)
        return (inputs * luma).sum(1, keepdim=True)
    if channels == 4:
        return torch.cat([inputs, torch.ones_like(inputs[:, :1])], 1)
    return inputs
