"""Artefact tokens: patches that a network uses to store global information.

Large vision transformers store global information in patches of empty background. The norms of
their features are many times those of other patches, and much attention goes to them although the
picture shows nothing there, so maps mislead (Darcet et al., ICLR 2024, arXiv 2309.16588). Networks
with registers store it there instead, in tokens without a position.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from attnviz.errors import MethodError

DEVIATIONS = 5.0
# Norms that hardly differ have hardly any deviation: without this, any of them would stand out.
_LEAST_DEVIATION = 0.01


def artefact_tokens(features: Tensor, deviations: float = DEVIATIONS) -> Tensor:
    """Return the patches whose norm is above median + `deviations` x median absolute deviation.

    The paper uses one threshold for all pictures of a model; a threshold from the picture's own
    norms needs no constant per model. The median absolute deviation counts as at least 1 % of the
    median, so that even norms have no artefacts.

    Parameters
    ----------
    features
        A block's output [N, C, h, w], or its norms [N, h, w]. The paper takes the last block; what
        is not finite counts as an artefact.
    deviations
        How many deviations above the median a norm must be.

    Returns
    -------
    Tensor
        bool [N, h, w].

    Raises
    ------
    MethodError
        `features` has another number of dimensions.
    """
    if features.ndim not in (3, 4):
        raise MethodError(
            "Artefact tokens are found from features [N, C, h, w] or norms [N, h, w]; "
            f"this is {tuple(features.shape)}."
        )
    norms = torch.linalg.vector_norm(features.float(), dim=1) if features.ndim == 4 else features
    flat = norms.float().flatten(1)
    known = flat.where(flat.isfinite(), torch.nan)
    median = known.nanmedian(1, keepdim=True).values
    spread = (known - median).abs().nanmedian(1, keepdim=True).values
    limit = median + deviations * torch.maximum(spread, _LEAST_DEVIATION * median)
    return ~(flat <= limit).view_as(norms)


def masked(maps: Tensor, mask: Tensor) -> Tensor:
    """Return maps in which marked cells are replaced by the mean of their unmarked neighbours.

    The neighbours are the eight around a cell; larger marked areas are filled from their rim
    inwards. A map that is marked everywhere is unchanged.

    Parameters
    ----------
    maps
        float [N, h, w].
    mask
        bool [N, h, w], such as from `artefact_tokens`.

    Returns
    -------
    Tensor
        float [N, h, w].

    Raises
    ------
    MethodError
        The shapes differ.
    """
    if maps.shape != mask.shape:
        raise MethodError(
            f"The mask {tuple(mask.shape)} does not lie on the map's grid {tuple(maps.shape)}."
        )
    known = ~mask
    known = known | ~known.flatten(1).any(1)[:, None, None]
    values = maps.where(known, 0)
    window = torch.ones(1, 1, 3, 3, dtype=maps.dtype, device=maps.device)
    while not bool(known.all()):
        count = F.conv2d(known[:, None].to(maps.dtype), window, padding=1)[:, 0]
        total = F.conv2d(values[:, None], window, padding=1)[:, 0]
        reached = ~known & (count > 0)
        values = torch.where(reached, total / count.clamp_min(1), values)
        known = known | reached
    return values
