"""Occlusion: the score that is lost while a patch of the picture is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from attnviz.errors import MethodError
from attnviz.methods.base import METHODS
from attnviz.methods.inference import Cost, Inference
from attnviz.methods.perturbation import (
    AskScores,
    Hidden,
    PerturbationMethod,
    batch_size,
    hidden_picture,
)

Corners = Sequence[tuple[int, int]]


@METHODS.add
@dataclass(frozen=True)
class Occlusion(PerturbationMethod):
    """How much of the class's logit is lost while a patch over each position is hidden.

    A patch slides over the picture in steps of half its side. It needs scores alone. Values are
    logits; negative where the picture speaks against the class.

    Parameters
    ----------
    patch
        Side of the patch in pixels of the input; a seventh of the shorter side if None.
    hidden
        What is seen instead of the patch: "blur", "mean" (the picture's mean colour) or "zero".

    Notes
    -----
    s is the logit, the sum is over the n patches that cover a position, and x_i is the picture
    without patch i.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from attnviz.methods.inference import Inference
    >>> corner = nn.Sequential(nn.MaxPool2d(1, 2), nn.Flatten())  # top left
    >>> inputs = torch.tensor([4.0, 0, 0, 0]).view(1, 1, 2, 2)
    >>> result = Occlusion(patch=1, hidden="mean").run(Inference.of(corner, inputs, target=0))
    >>> torch.from_numpy(result.layer_maps[0].values)
    tensor([[[3., 0.],
             [0., 0.]]])
    """

    patch: int | None = None
    hidden: str = Hidden.BLUR

    name: ClassVar[str] = "occlusion"
    title: ClassVar[str] = "Occlusion (patch by patch)"
    paper: ClassVar[str] = "Zeiler & Fergus, ECCV 2014, arXiv 1311.2901"
    formula: ClassVar[str] = "sum over i of (s(x) - s(x_i)) / n"
    signed: ClassVar[bool] = True

    def cost(self, inference: Inference) -> Cost:
        """See `Method`."""
        height, width = inference.inputs.shape[-2:]
        return Cost(1 + 1 + len(occlusion_patches((height, width), self.patch)[1]), 0)

    def maps(self, picture: Tensor, ask: AskScores) -> Tensor:
        """See `PerturbationMethod`."""
        height, width = picture.shape[-2:]
        side, corners = occlusion_patches((height, width), self.patch)
        instead = hidden_picture(picture, self.hidden)
        whole = ask(picture)
        losses = []
        step = batch_size(picture)
        for start in range(0, len(corners), step):
            covered = patches_mask((height, width), side, corners[start : start + step])
            hidden = torch.where(covered.to(picture.device)[:, None], instead, picture)
            losses.append(whole - ask(hidden))
        return mean_over_patches((height, width), side, corners, torch.cat(losses))


def occlusion_patches(size: tuple[int, int], patch: int | None = None) -> tuple[int, Corners]:
    """Place patches over an input, half a side apart.

    Parameters
    ----------
    size
        (height, width) of the input in pixels.
    patch
        Side in pixels; a seventh of the shorter side if None.

    Returns
    -------
    side : int
        Of the patches.
    corners : sequence of tuple
        (y, x) of each patch; the last ones end at the edge.

    Raises
    ------
    MethodError
        A patch is empty, or larger than the input.
    """
    height, width = size
    side = max(1, min(height, width) // 7) if patch is None else patch
    if not 1 <= side <= min(height, width):
        raise MethodError(
            f"A patch of {side} px does not fit into {height} x {width} pixels. Take a smaller one."
        )
    return side, [(y, x) for y in _starts(height, side) for x in _starts(width, side)]


def _starts(length: int, side: int) -> list[int]:
    steps = range(0, length - side, max(1, side // 2))
    return [*steps, length - side]


def patches_mask(size: tuple[int, int], side: int, corners: Corners) -> Tensor:
    """Return bool [k, h, w], True where each of k patches lies."""
    covered = torch.zeros(len(corners), *size, dtype=torch.bool)
    for mask, (y, x) in zip(covered, corners, strict=True):
        mask[y : y + side, x : x + side] = True
    return covered


def mean_over_patches(size: tuple[int, int], side: int, corners: Corners, values: Tensor) -> Tensor:
    """Give each position the mean of the patches that cover it.

    Parameters
    ----------
    size
        (height, width) of the input in pixels.
    side, corners
        From `occlusion_patches`.
    values
        float [patches, K].

    Returns
    -------
    Tensor
        float32 [K, h, w], on the CPU.
    """
    columns = values.double().cpu()
    total = torch.zeros(columns.shape[1], *size, dtype=torch.float64)
    count = torch.zeros(size, dtype=torch.float64)
    for (y, x), value in zip(corners, columns, strict=True):
        total[:, y : y + side, x : x + side] += value[:, None, None]
        count[y : y + side, x : x + side] += 1
    return (total / count).float()
