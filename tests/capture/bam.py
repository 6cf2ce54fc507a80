"""A bottleneck attention module in both its forms, and a small network around any module."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Joined = Callable[[Tensor, Tensor], Tensor]


def paper(channels: Tensor, places: Tensor) -> Tensor:
    """The mask of arXiv 1807.06514, equation 2."""
    return torch.sigmoid(channels + places)


def code(channels: Tensor, places: Tensor) -> Tensor:
    """The mask in its authors' published code, which multiplies where the paper adds."""
    return torch.sigmoid(channels * places)


class Bam(nn.Module):
    """A bottleneck attention module (arXiv 1807.06514): dilation 4, both branches."""

    def __init__(self, channels: int, joined: Joined) -> None:
        super().__init__()
        less = channels // 4
        self.gate = nn.Sequential(
            nn.Linear(channels, less), nn.BatchNorm1d(less), nn.ReLU(), nn.Linear(less, channels)
        )
        self.place = nn.Sequential(
            nn.Conv2d(channels, less, 1), nn.BatchNorm2d(less), nn.ReLU(),
            nn.Conv2d(less, less, 3, padding=4, dilation=4), nn.BatchNorm2d(less), nn.ReLU(),
            nn.Conv2d(less, 1, 1),
        )  # fmt: skip
        self.joined = joined

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.gate(x.mean((2, 3)))[:, :, None, None], self.place(x)

    def forward(self, x: Tensor) -> Tensor:
        channels, places = self.parts(x)
        return (1 + self.joined(channels.expand_as(x), places.expand_as(x))) * x


class Net(nn.Module):
    """Convolutions around one module."""

    def __init__(self, middle: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 4, 1), nn.BatchNorm2d(16), nn.ReLU())
        self.middle = middle
        self.rest = nn.Sequential(nn.Conv2d(16, 24, 3, 1, 1), nn.ReLU())
        self.head = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rest(self.middle(self.stem(x))).mean((2, 3)))
