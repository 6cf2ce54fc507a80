"""A network that looks at one patch, and a subject to ask it about."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.evidence.subject import Subject

PATCH = (slice(4, 8), slice(12, 16))
SIDE = 24


class PatchNet(nn.Module):
    """Class 1 by how bright its patch is, -4 for black to 4 for white; class 0 stays 0."""

    def __init__(self, classes: int = 2, gain: float = 8.0) -> None:
        super().__init__()
        self.classes, self.gain = classes, gain
        self.batches: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.batches.append(len(x))
        told = self.gain * (x[:, :, PATCH[0], PATCH[1]].mean((1, 2, 3)) - 0.5)
        logits = torch.zeros(len(x), self.classes)
        logits[:, min(1, self.classes - 1)] = told
        return logits


class RedSum(nn.Module):
    """One class: the sum of the red plane."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0].sum((1, 2))[:, None]


def picture() -> np.ndarray:
    """uint8 [24, 24, 3]: dark noise with a white patch where the network looks."""
    pixels = np.random.default_rng(3).integers(0, 90, (SIDE, SIDE, 3)).astype(np.uint8)
    pixels[PATCH] = 255
    return pixels


def subject(net: nn.Module | None = None, *, target: int = 1, batch: int = 7) -> Subject:
    """The picture as `PatchNet` takes it: 0..1, without normalisation."""
    return Subject(net or PatchNet(), picture(), lambda x: x, target, batch)


def right_map() -> np.ndarray:
    """float32 [24, 24]: highest in the patch, and uneven everywhere."""
    values = np.random.default_rng(1).random((SIDE, SIDE)).astype(np.float32)
    values[PATCH] += 2
    return values
