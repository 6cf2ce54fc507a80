"""A small blur budget whose answers are known: what the first pixel shows decides."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.evidence.faithfulness.blur_budget import BlurBudget, blur_budget
from attnviz.evidence.subject import Subject

SIZE = (48, 64)
SHARES = (0, 0.02, 0.1, 0.3, 0.6, 1)
RADII = (1.5, 4.0, 9.0)
LABELS = ("sea & sky", "<b>ship</b>")


class AtOnePlace(nn.Module):
    """Class 1 as long as the middle is exactly as it was; its logit also falls with the light."""

    def __init__(self, pixels: np.ndarray) -> None:
        super().__init__()
        self.sharp = torch.from_numpy(pixels[20:28, 28:36].astype(np.float32))

    def forward(self, x: Tensor) -> Tensor:
        shown = (x * 255).round().permute(0, 2, 3, 1)[:, 20:28, 28:36]
        same = (shown == self.sharp).flatten(1).all(1)
        logit = torch.where(same, 2.0, -2.0) - x.mean((1, 2, 3))
        return torch.stack([torch.zeros_like(logit), logit], 1)


def known_pixels() -> np.ndarray:
    """A seeded picture with coarse and fine detail."""
    random = np.random.default_rng(8)
    coarse = np.kron(random.integers(0, 200, (6, 8, 3)), np.ones((8, 8, 1), int))
    return (coarse + random.integers(0, 56, (*SIZE, 3))).astype(np.uint8)


def known_map() -> np.ndarray:
    """Highest in the middle, and different everywhere."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    values = 1 - np.hypot((y - 23.5) / 1.1, x - 31.5) / 60
    return np.asarray(values, np.float32)


def known_budget(target: int = 1) -> BlurBudget:
    """Of that picture, map and network; class 0 never comes first on the sharp picture."""
    pixels = known_pixels()
    subject = Subject(AtOnePlace(pixels), pixels, lambda x: x, target)
    return blur_budget(subject, known_map(), radii=RADII, shares=SHARES)
