"""The project's bokeh for a network to be trained through: differentiable in the focus.

The same discs, levels and linear light as `render.bokeh`. It leaves out what only matters at the
edges of mattes: there, sharp pixels are kept out of their neighbours' blur. Where the focus changes
slowly, as soft masks do, both give the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from attnviz.render.aperture import aperture_kernel

# Discs of this radius and more are computed at half, quarter ... of the resolution.
_LARGEST_DIRECT = 6.0
# The slope of the sRGB curve is finite from here on, so that black pixels have a gradient too.
_DARKEST = 1e-4


def srgb_to_linear(encoded: Tensor) -> Tensor:
    """sRGB in 0..1 to linear light in 0..1 (IEC 61966-2-1)."""
    return torch.where(
        encoded <= 0.04045, encoded / 12.92, ((encoded.clamp_min(0) + 0.055) / 1.055) ** 2.4
    )


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Linear light in 0..1 to sRGB in 0..1 (IEC 61966-2-1)."""
    curve = 1.055 * linear.clamp_min(_DARKEST) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, curve)


@dataclass(frozen=True, eq=False)
class DiscStack:
    """Pictures in linear light as a lens shows them at rising levels of blur.

    Attributes
    ----------
    levels
        float32 [levels + 1, N, 3, h, w]: the sharp pictures, then blurred ones, evenly spaced up to
        the largest radius.
    """

    levels: Tensor

    def bokeh(self, focus: Tensor) -> Tensor:
        """Return the pictures sharp where the focus is 1, and blurred the more the lower it is.

        Parameters
        ----------
        focus
            [N, 1, h, w] in 0..1.

        Returns
        -------
        Tensor
            sRGB [N, 3, h, w] in 0..1.
        """
        level = (1 - focus) * (len(self.levels) - 1)
        shown = self.levels[0]
        for index, disc in enumerate(self.levels[1:]):
            shown = shown + (level - index).clamp(0, 1) * (disc - shown)
        return linear_to_srgb(shown)


@torch.no_grad()
def disc_stack(pictures: Tensor, radius: float, levels: int = 2) -> DiscStack:
    """Blur pictures by discs of rising radius.

    Parameters
    ----------
    pictures
        sRGB float [N, 3, h, w] in 0..1.
    radius
        Largest circle of confusion, as a radius in pixels.
    levels
        Number of discs.

    Returns
    -------
    DiscStack
    """
    light = srgb_to_linear(pictures)
    discs = [blurred_by_disc(light, radius * (index + 1) / levels) for index in range(levels)]
    return DiscStack(torch.stack([light, *discs]))


def blurred_by_disc(light: Tensor, radius: float) -> Tensor:
    """Light [N, 3, h, w] averaged over discs of a radius in pixels; borders reflect."""
    height, width = light.shape[-2:]
    factor = 1
    while radius / factor >= _LARGEST_DIRECT and min(height, width) % (2 * factor) == 0:
        factor *= 2
    coarse = F.avg_pool2d(light, factor) if factor > 1 else light
    kernel = torch.tensor(aperture_kernel(radius / factor), dtype=light.dtype)
    reach = kernel.shape[0] // 2
    planes = F.pad(coarse.flatten(0, 1)[:, None], (reach,) * 4, mode="reflect")
    disc = F.conv2d(planes, kernel[None, None]).view_as(coarse)
    if factor == 1:
        return disc
    return F.interpolate(disc, size=(height, width), mode="bicubic", align_corners=False)
