"""Telling attention from all else by which features are multiplied.

Masks and gates are made from the input, lie in 0..1 (or in 1..2, where they add to what they
weigh), and choose. Much else has that shape: weights of the network, norms, rectified features that
are small by chance, and activations written out as a product, such as x sigmoid(x). Their values
give them away.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attnviz.capture.grids import is_spatial_grid
from attnviz.capture.hooks.calls import FactorCall

_LOOKED_AT = 4096
_EVEN = 1e-3


def is_attention_factor(call: FactorCall, batch: int, input_size: tuple[int, int]) -> bool:
    """Whether the factor of a call, heard in a pass over `batch` different inputs, is attention.

    A mask over places has the shape of the picture and does not share out each row by itself:
    MobileViT-v2 does so with pixels laid out by patches, a grid that is no map, and is left out.
    """
    features, factor = call.features.detach(), call.factor.detach()
    if not factor.shape[0] == features.shape[0] == batch > 1:  # weights have no batch
        return False
    low, high = (float(one) for one in factor.aminmax())
    # What lets through on one channel less and on another more is a norm and no gate.
    if not (0 <= low <= high <= 1 or is_additive(call)):
        return False
    if call.channels:
        return True
    if not is_spatial_grid(tuple(factor.shape[-2:]), input_size):
        return False
    if bool(((factor.sum(-1) - 1).abs() < _EVEN).all()):
        return False
    if low == 0 and factor.shape == features.shape:  # what a sigmoid returns is never silent
        return False
    return not (_is_norm(features, factor) or _is_activation(features, factor))


def is_additive(call: FactorCall) -> bool:
    """Whether a factor lies in 1..2, so that (1 + mask) * features adds to the features."""
    low, high = call.factor.detach().aminmax()
    return 1 <= float(low) <= float(high) <= 2


def _is_norm(features: Tensor, factor: Tensor) -> bool:
    """Whether the factor of each place falls with the length of its features alone."""
    if factor.shape[1] != 1 and factor.stride(1) != 0:
        return False
    length = torch.linalg.vector_norm(features.float(), dim=1)
    return _runs(length, factor[:, 0]) == -1


def _is_activation(features: Tensor, factor: Tensor) -> bool:
    """Whether the factor of each value rises or falls with that value alone."""
    return factor.shape == features.shape and _runs(features, factor) != 0


def _runs(values: Tensor, factor: Tensor) -> int:
    """1 if the factor rises with the values and depends on nothing else, -1 if it falls, else 0."""
    step = max(1, values.numel() // _LOOKED_AT)
    order = values.flatten()[::step].argsort()
    slopes = factor.flatten()[::step][order].float().diff()
    slack = _EVEN * float(slopes.abs().sum())
    return int(bool((slopes >= -slack).all())) - int(bool((slopes <= slack).all()))
