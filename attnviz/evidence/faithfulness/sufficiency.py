"""Sufficiency: the picture sharp where a map is highest, and strongly blurred elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from attnviz.capture.logits import logits_of
from attnviz.methods.smoothing import smoothed
from attnviz.models.scores import PLAIN_LOGITS, Scores

SHARES = (0.05, 0.10, 0.20, 0.30, 0.50)


def keep_top(inputs: Tensor, blurred: Tensor, maps: Tensor, share: float) -> Tensor:
    """Keep the inputs where the map is among its highest `share`, and blur the rest.

    Parameters
    ----------
    inputs, blurred : Tensor [N, 3, h, w]
    maps : Tensor [N, h, w]
        Ties are broken by position, so that exactly the share is kept whatever the map.
    share : float
        Above 0, up to 1.

    Returns
    -------
    Tensor [N, 3, h, w]
    """
    flat = maps.flatten(1)
    count = max(1, round(share * flat.shape[1]))
    top = flat.argsort(dim=1, descending=True, stable=True)[:, :count]
    mask = torch.zeros_like(flat).scatter_(1, top, 1.0).view_as(maps)[:, None]
    return inputs * mask + blurred * (1 - mask)


def gaussian_blur(inputs: Tensor, sigma: float) -> Tensor:
    """Blur [N, 3, h, w] by a Gaussian of `sigma` pixels, edges reflected."""
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
    scores: Scores = PLAIN_LOGITS,
) -> Tensor:
    """Mean probability of `classes` while only the top shares of a map are sharp.

    Parameters
    ----------
    module : nn.Module
        In evaluation mode.
    inputs : Tensor [N, 3, h, w]
        Preprocessed.
    maps : Tensor [N, h, w]
        On the input's grid.
    classes : Tensor [N]
        The top predictions for the unchanged pictures.
    sigma : float
        Standard deviation of the blur in input pixels; 7 % of the side hides what the rest shows.
    shares : sequence of float
        Shares of the area that stay sharp, each in 0..1.
    scores : Scores, optional
        How the module's output is read (default: as logits of a softmax).

    Returns
    -------
    float Tensor [N] in 0..1
    """
    blurred = gaussian_blur(inputs, sigma)
    total = torch.zeros(len(inputs))
    for share in shares:
        outputs = logits_of(module(keep_top(inputs, blurred, maps, share)), module)
        chances = scores.probabilities(scores.logits(outputs.float()))
        total += chances.gather(1, classes[:, None])[:, 0].cpu()
    return total / len(shares)
