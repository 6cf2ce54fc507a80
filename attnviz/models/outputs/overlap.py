"""How much boxes and masks overlap."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

Edges = tuple[float, float, float, float]
"""Left, top, right and bottom edge of a box, in pixels of the input."""


def box_overlaps(boxes: Tensor, box: Edges) -> Tensor:
    """Return the overlap of boxes with one box: intersection over union, 0..1.

    Parameters
    ----------
    boxes
        float [K, 4].
    box
        With an area.

    Returns
    -------
    Tensor
        float32 [K]; 0 for boxes without an area.

    Examples
    --------
    >>> box_overlaps(torch.tensor([[0.0, 0, 2, 2], [1, 0, 3, 2], [4, 4, 5, 5]]), (0, 0, 2, 2))
    tensor([1.0000, 0.3333, 0.0000])
    """
    boxes = boxes.float()
    one = boxes.new_tensor(box)
    shared = _area(torch.cat([boxes[:, :2].maximum(one[:2]), boxes[:, 2:].minimum(one[2:])], 1))
    return shared / (_area(boxes) + _area(one[None]) - shared)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).clamp_min(0).prod(1)


def mask_overlaps(masks: Tensor, inside: Tensor) -> Tensor:
    """Return the overlap of masks with a region: intersection over union, 0..1.

    Parameters
    ----------
    masks
        float [K, h, w] in 0..1; a position belongs to a mask above a half.
    inside
        float [H, W] in 0..1, on another grid over the same input.

    Returns
    -------
    Tensor
        float32 [K].
    """
    region = on_grid(inside, (masks.shape[-2], masks.shape[-1])).to(masks.device)
    things = (masks > 0.5).float()
    shared = torch.minimum(things, region).sum((1, 2))
    return shared / torch.maximum(things, region).sum((1, 2)).clamp_min(1e-6)


def on_grid(inside: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the share of a region [H, W] in each cell of another grid, float32 [h, w]."""
    return F.interpolate(inside[None, None].float(), size=size, mode="area")[0, 0]
