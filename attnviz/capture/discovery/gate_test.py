"""Distinguish attention from other factors by which features are multiplied.

Masks and gates are computed from the input and lie in 0..1 (or in 1..2, where they add to what they
weigh). Many other factors have the same shape: weights of the network, norms, rectified features
that happen to be small, and activations written as a product, such as x sigmoid(x). Their values
distinguish them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attnviz.capture.grids import is_spatial_grid
from attnviz.capture.hooks.calls import FactorCall

_MAX_SAMPLES = 4096
_TOLERANCE = 1e-3


def is_attention_factor(call: FactorCall, batch: int, input_size: tuple[int, int]) -> bool:
    """Decide whether the factor of a product is attention.

    Parameters
    ----------
    call
        A product in a pass over `batch` different inputs.
    batch
        Number of inputs, at least 2: weights of the network have no batch dimension.
    input_size
        (height, width) of the input in pixels.

    Returns
    -------
    bool
        Whether it is a gate of channels or a mask over positions.

    Notes
    -----
    A mask has the aspect of the input and its rows do not each sum to 1: MobileViT-v2 normalises
    over pixels rearranged by patches, which form no map.
    """
    features, factor = call.features.detach(), call.factor.detach()
    if not factor.shape[0] == features.shape[0] == batch > 1:
        return False
    low, high = (float(value) for value in factor.aminmax())
    # A factor below 1 for one channel and above 1 for another is a norm, not a gate.
    if not (0 <= low <= high <= 1 or is_additive(call)):
        return False
    if call.channels:
        return True
    if not is_spatial_grid(tuple(factor.shape[-2:]), input_size):
        return False
    if bool(((factor.sum(-1) - 1).abs() < _TOLERANCE).all()):
        return False
    if low == 0 and factor.shape == features.shape:  # a sigmoid never returns exactly 0
        return False
    return not (_is_norm(features, factor) or _is_activation(features, factor))


def is_additive(call: FactorCall) -> bool:
    """Return whether a factor lies in 1..2, so that (1 + mask) * features adds to the features."""
    low, high = call.factor.detach().aminmax()
    return 1 <= float(low) <= float(high) <= 2


def _is_norm(features: Tensor, factor: Tensor) -> bool:
    """Whether the factor at each position falls with the norm of its features alone."""
    if factor.shape[1] != 1 and factor.stride(1) != 0:
        return False
    length = torch.linalg.vector_norm(features.float(), dim=1)
    return _monotonicity(length, factor[:, 0]) == -1


def _is_activation(features: Tensor, factor: Tensor) -> bool:
    """Whether the factor of each value rises or falls with that value alone."""
    return factor.shape == features.shape and _monotonicity(features, factor) != 0


def _monotonicity(values: Tensor, factor: Tensor) -> int:
    """1 if the factor is an increasing function of the values, -1 if decreasing, else 0."""
    step = max(1, values.numel() // _MAX_SAMPLES)
    order = values.flatten()[::step].argsort()
    differences = factor.flatten()[::step][order].float().diff()
    slack = _TOLERANCE * float(differences.abs().sum())
    return int(bool((differences >= -slack).all())) - int(bool((differences <= slack).all()))
