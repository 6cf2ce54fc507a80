"""The convolutional block attention module (Woo et al., ECCV 2018, arXiv 1807.06521).

Two gates in sequence: the first weighs channels, the second positions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ChannelGate(nn.Module):
    """One factor for each channel: `sigmoid(MLP(mean) + MLP(max))` over all positions.

    Input [N, channels, h, w]; output the gate [N, channels, 1, 1], in 0..1. Both share one MLP.

    Parameters
    ----------
    channels
        Number of channels.
    reduction
        Channels per hidden unit of the MLP (paper: 16).
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.mlp = nn.Sequential(
            nn.Linear(channels, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        scores: Tensor = self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3)))
        return torch.sigmoid(scores)[:, :, None, None]


class SpatialGate(nn.Module):
    """One factor for each position: `sigmoid(conv([mean; max]))` over all channels.

    Input [N, C, h, w]; output the map [N, 1, h, w], in 0..1.

    Parameters
    ----------
    size
        Side of the convolution's kernel, odd (paper: 7).
    """

    def __init__(self, size: int = 7) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, size, padding=size // 2)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        pooled = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return torch.sigmoid(self.conv(pooled))


class Cbam(nn.Module):
    """Features times the channel gate, then times the spatial gate.

    Input and output [N, channels, h, w]. The gates are separate modules, so capture finds the
    factors by which the features are multiplied.

    Parameters
    ----------
    channels
        Number of channels.
    reduction, size
        See the gates.
    """

    def __init__(self, channels: int, *, reduction: int = 16, size: int = 7) -> None:
        super().__init__()
        self.channel = ChannelGate(channels, reduction)
        self.spatial = SpatialGate(size)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.channel(x) * x
        gated: Tensor = self.spatial(x) * x
        return gated
