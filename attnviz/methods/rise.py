"""RISE: the mean score over random masks that leave a position visible."""

from __future__ import annotations

from collections.abc import Iterator
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
from attnviz.models.scores import Scores


@dataclass(frozen=True, eq=False)
class RandomMasks:
    """Smooth random masks: small grids of visible and hidden cells, enlarged and shifted.

    Attributes
    ----------
    cells
        float32 [N, s, s], 1 where a cell is visible and 0 where it is hidden.
    shifts
        int64 [N, 2], by how many pixels each mask is shifted up and to the left, below a cell's
        height and width.
    size
        (height, width) of the masks in pixels.
    """

    cells: Tensor
    shifts: Tensor
    size: tuple[int, int]

    @classmethod
    def drawn(
        cls, count: int, size: tuple[int, int], grid: int, visible: float, seed: int
    ) -> RandomMasks:
        """Draw masks.

        Parameters
        ----------
        count
            How many.
        size
            (height, width) in pixels.
        grid
            Cells on a side.
        visible
            Probability that a cell is visible.
        seed
            Of the generator; the global one is left alone.
        """
        generator = torch.Generator().manual_seed(seed)
        cells = (torch.rand(count, grid, grid, generator=generator) < visible).float()
        shifts = [torch.randint(-(-side // grid), (count,), generator=generator) for side in size]
        return cls(cells, torch.stack(shifts, 1), size)

    def __len__(self) -> int:
        return len(self.cells)

    def batches(self, size: int, like: Tensor) -> Iterator[Tensor]:
        """Yield the masks [k, h, w] in 0..1, at most `size` at once, of the type of `like`."""
        parts = (torch.split(values, size) for values in (self.cells, self.shifts))
        for cells, shifts in zip(*parts, strict=True):
            down, across = (
                _enlarging(length, cells.shape[-1], shift).to(like)
                for length, shift in zip(self.size, shifts.unbind(1), strict=True)
            )
            yield down @ cells.to(like) @ across.mT


def _enlarging(length: int, cells: int, shifts: Tensor) -> Tensor:
    """[N, length, cells]: weights that enlarge cells linearly to one more cell, cut at a shift."""
    side = -(-length // cells)
    scale = cells / ((cells + 1) * side)
    places = (torch.arange(length) + shifts[:, None] + 0.5) * scale - 0.5
    distance = places.clamp(0, cells - 1)[..., None] - torch.arange(cells)
    return (1 - distance.abs()).clamp_min(0)


@METHODS.add
@dataclass(frozen=True)
class Rise(PerturbationMethod):
    """The class's mean probability over random masks, for each position where it is visible.

    It needs scores alone. Values are probabilities, in 0..1; where the whole map has one value, the
    network does not look.

    Parameters
    ----------
    masks
        How many variants of the picture are asked about, above 0. More make a smoother map.
    grid
        Cells of a mask on a side, above 1.
    visible
        Probability that a cell is visible, above 0 and below 1.
    hidden
        What is seen instead of hidden parts: "mean" (the picture's mean colour), "blur" or "zero".
    seed
        Of the masks: the same seed gives the same map.

    Notes
    -----
    f is the probability, M_i are the masks, bilinear enlargements of random cells, shifted at
    random by less than a cell, and b the picture's mean colour. Two things differ from the paper:
    it multiplies by the mask, so that hidden parts are 0 in the network's input (`hidden="zero"`),
    and it divides by the masks' expected sum where this takes their own, so that a score that never
    changes gives a flat map.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from attnviz.methods.inference import Inference
    >>> corner = nn.Sequential(nn.MaxPool2d(1, 2), nn.Flatten(), nn.Linear(3, 2))  # top left
    >>> _ = corner[2].weight.data.copy_(torch.tensor([[9.0, 0, 0], [0, 0, 0]]))
    >>> inputs = torch.tensor([1.0, -1, -1, -1]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    >>> result = Rise(masks=200, grid=2).run(Inference.of(corner.eval(), inputs, target=0))
    >>> values = result.layer_maps[0].values[0]
    >>> bool(values[0, 0] == values.max())
    True
    """

    masks: int = 2000
    grid: int = 7
    visible: float = 0.5
    hidden: str = Hidden.MEAN
    seed: int = 0

    name: ClassVar[str] = "rise"
    title: ClassVar[str] = "RISE (random masks)"
    paper: ClassVar[str] = "Petsiuk et al., BMVC 2018, arXiv 1806.07421"
    formula: ClassVar[str] = "sum over i of f(x M_i + b (1 - M_i)) M_i / sum over i of M_i"
    shares: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.masks < 1 or self.grid < 2 or not 0 < self.visible < 1:
            raise MethodError(
                f"RISE needs at least one mask, a grid of at least 2 and cells that are visible "
                f"with a probability between 0 and 1, not {self.masks}, {self.grid} and "
                f"{self.visible:g}."
            )

    def cost(self, inference: Inference) -> Cost:
        """See `Method`."""
        del inference
        return Cost(1 + self.masks, 0)

    def measured(self, logits: Tensor, scores: Scores) -> Tensor:
        """See `PerturbationMethod`: the probability, as in the paper."""
        return scores.probabilities(logits)

    def maps(self, picture: Tensor, ask: AskScores) -> Tensor:
        """See `PerturbationMethod`."""
        height, width = picture.shape[-2:]
        masks = RandomMasks.drawn(self.masks, (height, width), self.grid, self.visible, self.seed)
        instead = hidden_picture(picture, self.hidden)
        shown = picture - instead
        total = weight = torch.zeros((), device=picture.device)
        for batch in masks.batches(batch_size(picture), picture):
            values = ask(torch.addcmul(instead, shown, batch[:, None]))
            flat = batch.flatten(1).float()
            total = total + values.T @ flat
            weight = weight + flat.sum(0)
        return (total / weight.clamp_min(1e-6)).view(-1, height, width)
