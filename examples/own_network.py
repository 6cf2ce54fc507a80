"""Attention maps of a network of your own: its soft mask is found without naming a layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import attnviz
from attnviz.pictures import open_sample


class Tiny(nn.Module):
    """A convolution, a soft mask over positions, and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 16, 5, stride=4), nn.ReLU())
        self.mask = nn.Sequential(nn.Conv2d(16, 1, 3, padding=1), nn.Sigmoid())
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, 3] of pictures [N, 3, H, W]."""
        x = self.features(x)
        return self.head((x * self.mask(x)).mean((2, 3)))


torch.manual_seed(0)
model = attnviz.wrap(Tiny(), attnviz.Preprocess(size=128), labels=["cat", "dog", "bird"])
result = attnviz.explain(model, open_sample("chelsea"))
for layer, values in zip(result.layers, result.maps, strict=True):
    print(f"{layer}: {values.shape}, {values.min():.3f} to {values.max():.3f}")
