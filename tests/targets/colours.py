"""A network whose logits are mean colours, and a picture of two colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import attnviz
from attnviz.models.preprocess import Preprocess
from attnviz.pictures.geometry import Fit

LABELS = ("red", "green", "blue")
PLAIN = Preprocess(size=8, fit=Fit.SQUASH, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class Colours(nn.Module):
    """Logits: four times the mean of each colour."""

    def __init__(self, wrapped: Callable[[Tensor], Any] | None = None) -> None:
        super().__init__()
        self.cells = nn.Conv2d(3, 3, 1, bias=False)
        self.cells.weight.data = 4 * torch.eye(3)[:, :, None, None]
        self.wrapped = wrapped

    def forward(self, inputs: Tensor) -> Any:
        logits = self.cells(inputs).mean((2, 3))
        return logits if self.wrapped is None else self.wrapped(logits)


def two_colours() -> attnviz.Picture:
    """Left half red, the upper right quarter green."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4, 0] = 255
    pixels[:4, 4:, 1] = 255
    return attnviz.open_picture(pixels, name="two colours")
