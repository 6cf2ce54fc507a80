"""What a network's own parts say of its inputs: patches, positions, channels, and a first layer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from torch import nn

from attnviz.models.input_settings.base import Sides, pair

_LEAST_PATCH = 8  # smaller ones are the first of several steps, as in Swin and ConvNeXt
_EXTRA_TOKENS = (1, 0, 2, 5)  # class, none, class and distillation, class and four registers
_GRIDS = ("window_size", "feat_size", "grid_size", "resolution")
_NORMALISING = ("Normalize", "Normalise", "NormalizeLayer", "ImageNormalizer", "InputNormalize")


def patch_side(module: nn.Module) -> int | None:
    """Return the side in pixels of the patches that a network cuts its input into.

    Parameters
    ----------
    module
        Any network.

    Returns
    -------
    int or None
        None for networks that do not begin with patches.
    """
    first = _first_convolution(module)
    if first is not None and first.kernel_size == first.stride:
        side = max(first.stride)
        return side if side >= _LEAST_PATCH else None
    for part in (module, getattr(module, "patch_embed", None)):
        size: Any = getattr(part, "patch_size", None)
        largest = max(size) if isinstance(size, (tuple, list)) and size else size
        if isinstance(largest, int) and largest >= _LEAST_PATCH:
            return largest
    return None


def fixed_sides(module: nn.Module, patch: int | None) -> Sides | None:
    """Return the size of the only inputs for which a network has positions.

    Parameters
    ----------
    module
        Any network.
    patch
        From `patch_side`.

    Returns
    -------
    tuple or None
        (height, width) in pixels; None where that is not known, or other sizes are interpolated.
    """
    if interpolates(module):
        return None
    for part in (getattr(module, "patch_embed", None), module):
        if getattr(part, "strict_img_size", True) is False:  # its positions are relative
            return None
        for name in ("img_size", "image_size"):
            size: Any = getattr(part, name, None)
            if isinstance(size, int) or (isinstance(size, (tuple, list)) and len(size) == 2):
                return pair(size)
    return _square_of_positions(module, patch) if patch else None


def interpolates(module: nn.Module) -> bool:
    """Return whether a network says that it interpolates its positions to any input."""
    return bool(getattr(module, "dynamic_img_size", False))


def has_positions(module: nn.Module) -> bool:
    """Return whether a network has an embedding for each position of its input."""
    return next(_positions(module), None) is not None


def _positions(module: nn.Module) -> Iterator[int]:
    """How many entries each table of position embeddings has, tokens without a place among them."""
    for name, weight in (*module.named_parameters(), *module.named_buffers()):
        last = name.lower().removesuffix(".weight").rpartition(".")[2]
        if "pos" in last and "emb" in last and weight.ndim in (2, 3):
            yield weight.shape[-2]


def _square_of_positions(module: nn.Module, patch: int) -> Sides | None:
    """The square whose patches are as many as there are position embeddings."""
    for count in _positions(module):
        for extra in _EXTRA_TOKENS:
            side = math.isqrt(max(count - extra, 0))
            if side and side**2 == count - extra:
                return side * patch, side * patch
    return None


def grids(module: nn.Module) -> list[Sides]:
    """Return the grids for which parts of a network are built, smallest first.

    Parameters
    ----------
    module
        Any network.

    Returns
    -------
    list of tuple
        (rows, columns) of windows, grids and features that parts name; each once.
    """
    found: set[Sides] = set()
    for part in module.modules():
        sizes: list[Any] = [getattr(part, name, None) for name in _GRIDS]
        sizes.append((getattr(part, "height", None), getattr(part, "width", None)))
        for size in sizes:
            both = size if isinstance(size, (tuple, list)) else (size, size)
            if len(both) == 2 and all(isinstance(one, int) and one > 1 for one in both):
                found.add((both[0], both[1]))
    return sorted(found, key=lambda size: size[0] * size[1])


def input_channels(module: nn.Module) -> int | None:
    """Return the number of channels that a network's first convolution takes; None without one."""
    first = _first_convolution(module)
    return None if first is None else first.in_channels


def normalises(module: nn.Module) -> bool:
    """Return whether a network normalises its inputs by itself, in a layer named after that."""
    return any(
        type(part).__name__ in _NORMALISING and hasattr(part, "mean") and hasattr(part, "std")
        for part in module.modules()
    )


def _first_convolution(module: nn.Module) -> nn.Conv2d | None:
    return next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
