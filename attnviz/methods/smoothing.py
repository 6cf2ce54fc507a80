"""A separable Gaussian over planes, on their own device."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor


def smoothed(
    planes: Tensor, sigma: float, edges: Literal["reflect", "replicate"] = "replicate"
) -> Tensor:
    """Smooth planes with a Gaussian, cut off at 3 sigma.

    Parameters
    ----------
    planes
        float [N, C, h, w].
    sigma
        Standard deviation in cells; 0 returns the planes as they are.
    edges
        How planes are padded. The Gaussian is cut off earlier if a plane is too small to reflect.

    Returns
    -------
    Tensor
        float [N, C, h, w].
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
