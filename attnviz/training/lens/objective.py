"""What the masks of `lens` are trained for.

A mask that is penalised by its area becomes flat, because half a blur everywhere already takes the
class away. So scores are cut at a share of the picture that is drawn anew for each (Fong, Patrick &
Vedaldi, *Extremal Perturbations*, ICCV 2019, with fixed areas, here for all at once): training
decides the order of the places, and the share decides how many of them are sharp.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
_SOFTNESS = 0.15  # of the cut, in deviations of the scores
# A mask's value is an amount of blur, and half a blur hides as much: the cut is nearly sharp.
_SHARP_AT_CUT = 1.5
_FLOOR = 1e-3
# Nats beyond which a loss counts less, or pictures that cannot be kept would rule the batch.
_MANY, _LESS = 6.0, 0.3
_LEAST_SURE = 0.01
_TOP, _REST = 0.05, 0.5


def cut(scores: Tensor, shares: Tensor) -> Tensor:
    """Soft masks of given areas from scores.

    Parameters
    ----------
    scores
        [N, 1, h, w].
    shares
        [N] in 0..1, the part of the picture that is sharp.

    Returns
    -------
    Tensor
        [N, 1, h, w] in 0..1: above 0.8 for the highest `shares` of the places. It does not change
        with the scale of the scores, and its derivative does not change that scale.
    """
    spread, mean = torch.std_mean(scores, (1, 2, 3), keepdim=True)
    standard = (scores - mean) / (spread + _FLOOR)
    flat = standard.detach().flatten(1)
    places = ((1 - shares) * (flat.shape[1] - 1)).round().long()[:, None]
    threshold = flat.sort(1).values.gather(1, places).view(-1, 1, 1, 1)
    return torch.sigmoid((standard - threshold) / _SOFTNESS + _SHARP_AT_CUT)


def kept_loss(logits: Tensor, asked: Tensor, before: Tensor) -> Tensor:
    """How much of the asked classes' log-probability is lost, in nats; 0 where none is.

    Parameters
    ----------
    logits
        [N, classes] of the pictures that are sharp in the mask.
    asked
        [N, classes], the weight of each class in what is asked for; they sum to 1.
    before
        [N, classes], the probabilities for the unchanged pictures.
    """
    lost = F.relu(before.clamp_min(_LEAST_SURE).log() - F.log_softmax(logits, 1))
    lost = (asked * lost).sum(1)
    return torch.minimum(lost, _MANY + _LESS * (lost - _MANY)).mean()


def taken_loss(logits: Tensor, asked: Tensor, before: Tensor) -> Tensor:
    """Which part of the asked classes' probability is left when the mask is blurred, at most 1.5.

    Parameters
    ----------
    logits, asked, before
        As for `kept_loss`, but of the pictures that are blurred in the mask.
    """
    left = (F.softmax(logits, 1) / before.clamp_min(_LEAST_SURE)).clamp_max(1.5)
    return (asked * left).sum(1).mean()


def roughness(mask: Tensor, pictures: Tensor) -> Tensor:
    """Mean change between neighbours, counted less where the picture has an edge.

    Parameters
    ----------
    mask
        [N, 1, h, w].
    pictures
        [N, 3, h, w] in 0..1.
    """
    total = mask.new_zeros(())
    for axis in (2, 3):
        edges = pictures.diff(dim=axis).abs().mean(1, keepdim=True)
        total = total + (mask.diff(dim=axis).abs() * torch.exp(-8 * edges)).mean()
    return total


def calibration(scores: Tensor, present: Tensor) -> Tensor:
    """Pull masks to 1 at the top and to 0 in the rest, and to 0 everywhere for absent classes.

    Parameters
    ----------
    scores
        [N, 1, h, w].
    present
        bool [N], whether the picture shows the asked class.
    """
    ranked = scores.flatten(1).sort(1, descending=True).values
    count = ranked.shape[1]
    top = F.softplus(-ranked[:, : max(1, round(_TOP * count))]).mean(1)
    rest = F.softplus(ranked[:, round((1 - _REST) * count) :]).mean(1)
    return torch.where(present, top + rest, F.softplus(ranked).mean(1)).mean()
