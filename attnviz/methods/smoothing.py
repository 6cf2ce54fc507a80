"""A Gaussian over planes, separable, on whatever device they are."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor


def smoothed(
    planes: Tensor, sigma: float, edges: Literal["reflect", "replicate"] = "replicate"
) -> Tensor:
    """[N, C, h, w] behind a Gaussian of `sigma` cells, cut off at 3 sigma; 0 leaves all as it is.

    edges: what is thought to lie beyond them. Mirrored planes are narrower than the Gaussian where
    they have fewer cells.
    """
    radius = int(3 * sigma + 0.5)
    if edges == "reflect":
        radius = min(radius, min(planes.shape[-2:]) - 1)
    if radius <= 0:
        return planes
    axis = torch.arange(-radius, radius + 1, dtype=planes.dtype, device=planes.device)
    kernel = torch.exp(-(axis**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(planes.shape[1], 1, -1)
    padded = F.pad(planes, (radius, radius, radius, radius), mode=edges)
    along_x = F.conv2d(padded, kernel[:, :, None, :], groups=planes.shape[1])
    return F.conv2d(along_x, kernel[:, :, :, None], groups=planes.shape[1])
