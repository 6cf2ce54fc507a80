"""Is the focus enough? The picture sharp where a map is highest, strongly blurred elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from attnviz.methods.smoothing import smoothed

SHARES = (0.05, 0.10, 0.20, 0.30, 0.50)


def keep_top(inputs: Tensor, blurred: Tensor, maps: Tensor, share: float) -> Tensor:
    """`inputs` [N, 3, h, w] where the map is among its highest `share`, else `blurred`.

    maps: [N, h, w]; ties are broken by place, so exactly the share is kept whatever the map.
    """
    flat = maps.flatten(1)
    count = max(1, round(share * flat.shape[1]))
    order = flat.argsort(dim=1, descending=True, stable=True)[:, :count]
    kept = torch.zeros_like(flat).scatter_(1, order, 1.0).view_as(maps)[:, None]
    return inputs * kept + blurred * (1 - kept)


def gaussian_blur(inputs: Tensor, sigma: float) -> Tensor:
    """[N, 3, h, w] blurred by a Gaussian of `sigma` pixels, edges reflected."""
    return smoothed(inputs, sigma, "reflect")


@torch.inference_mode()
def sufficiency(
    module: nn.Module,
    inputs: Tensor,
    maps: Tensor,
    classes: Tensor,
    *,
    sigma: float,
    shares: Sequence[float] = SHARES,
) -> Tensor:
    """Probability of `classes` when only the top shares of a map are sharp, mean over the shares.

    Args:
        module: in evaluation mode.
        inputs: [N, 3, h, w], normalised.
        maps: [N, h, w] on the input's grid.
        classes: [N], the classes first named on the whole pictures.
        sigma: of the blur, in input pixels; 7 % of the side hides what the rest shows.
        shares: which parts of the area are kept, each in 0..1.

    Returns:
        float [N] in 0..1.
    """
    blurred = gaussian_blur(inputs, sigma)
    total = torch.zeros(len(inputs))
    for share in shares:
        logits = module(keep_top(inputs, blurred, maps, share))
        total += logits.float().softmax(1).gather(1, classes[:, None])[:, 0].cpu()
    return total / len(shares)
