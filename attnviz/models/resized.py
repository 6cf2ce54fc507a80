"""Copies of networks for another size of input, with their position embeddings interpolated."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn


def resized_copy(module: nn.Module, sides: tuple[int, int]) -> nn.Module | None:
    """Copy a network for inputs of another size.

    Parameters
    ----------
    module
        A network with positions for one size; it is not changed.
    sides
        (height, width) in pixels.

    Returns
    -------
    nn.Module or None
        None where the network's library cannot do that: timm does it for networks with
        `set_input_size`, torchvision for its ViT, in squares.
    """
    for resize in (_by_timm, _by_torchvision):
        made = resize(module, sides)
        if made is not None:
            return made
    return None


def _by_timm(module: nn.Module, sides: tuple[int, int]) -> nn.Module | None:
    if not hasattr(module, "set_input_size"):
        return None
    made = copy.deepcopy(module)
    resize: Any = made.set_input_size
    try:
        resize(img_size=sides)
    except (AssertionError, TypeError, ValueError, RuntimeError):  # no multiple of its patches
        return None
    return made


def _by_torchvision(module: nn.Module, sides: tuple[int, int]) -> nn.Module | None:
    from torchvision.models import VisionTransformer
    from torchvision.models.vision_transformer import interpolate_embeddings

    height, width = sides
    if not isinstance(module, VisionTransformer) or height != width or height % module.patch_size:
        return None
    state = interpolate_embeddings(height, module.patch_size, module.state_dict())
    positions = state["encoder.pos_embedding"]
    made: Any = copy.deepcopy(module)
    made.encoder.pos_embedding = nn.Parameter(positions, module.encoder.pos_embedding.requires_grad)
    made.image_size, made.seq_length = height, positions.shape[1]
    copied: nn.Module = made
    return copied
