"""Convolutional layers that several small networks share."""

from __future__ import annotations

from torch import Tensor, nn


def downsample(inputs: int, outputs: int) -> nn.Sequential:
    """Build a layer that halves the resolution: convolution, batch normalisation, ReLU.

    Parameters
    ----------
    inputs, outputs
        Numbers of channels.

    Returns
    -------
    nn.Sequential
        Maps [N, inputs, H, W] to [N, outputs, H // 2, W // 2], not negative.

    Notes
    -----
    A kernel of 4 with stride 2 covers every position equally often; one of 3 does not, and causes a
    checkerboard in gradient maps.
    """
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: `x + gate(relu(norm(conv(relu(norm(conv(x)))))))`.

    Input and output are [N, channels, H, W]. What the block adds is not negative before its gate,
    so a high gate always means "more of this", which is not so for signed features.

    Parameters
    ----------
    channels
        Number of channels.
    gate
        A module that preserves the shape; the identity if None.
    """

    def __init__(self, channels: int, gate: nn.Module | None = None) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )
        self.gate = gate or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        output: Tensor = x + self.gate(self.body(x))
        return output
