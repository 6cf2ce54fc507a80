"""Convolutional parts that several small networks share."""

from __future__ import annotations

from torch import Tensor, nn


def downsample(inputs: int, outputs: int) -> nn.Sequential:
    """[N, inputs, H, W] -> [N, outputs, H // 2, W // 2], never negative.

    A window of 4 moved by 2 covers every position equally often; one of 3 does not, and leaves a
    checkerboard in maps of gradients.
    """
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class ResidualBlock(nn.Module):
    """`x + gate(relu(norm(conv(relu(norm(conv(x)))))))`: two 3x3 convolutions and a short cut.

    What the block adds is never negative before its gate, so that a high value of the gate always
    means "more of this"; an attention map over signed features does not. Input and output
    [N, channels, H, W]. gate: any module that keeps the shape; none if it is left out.
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
        added: Tensor = x + self.gate(self.body(x))
        return added
