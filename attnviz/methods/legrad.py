"""LeGrad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.methods.base import METHODS, Nature
from attnviz.methods.context import ContextMethod, gradient_rows, places, query_blocks


@METHODS.add
@dataclass(frozen=True)
class LeGrad(ContextMethod):
    """How much the class's score would rise if positions got more attention, from any query.

    Values from 0 up, in units of the score.

    Parameters
    ----------
    summed
        Whether the map of layer l is the mean of the maps up to l, on the finest of their grids
        (bilinear), so that the last one is the map of the paper; else each layer stands alone.

    Notes
    -----
    G is the gradient of the class's score by the attention weights; its positive part is averaged
    over heads and queries.

    The paper scores every layer's tokens by the head of the network, and differentiates that; here
    the network's own score is differentiated, in one backward pass, which at the last layer is the
    same if the head reads what the paper's does. The paper scales the sum to 0..1; here it is not
    scaled.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import DenseAttention, TokenGrid
    >>> weights = torch.tensor([[0.2, 0.5, 0.3], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
    >>> gradient = torch.tensor([[[[0.0, 2.0, -1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]])
    >>> grid = TokenGrid(rows=1, columns=2, prefix=1, class_token=0)
    >>> zeros = torch.zeros(1, 1, 3, 1)  # [N, heads, tokens, d]
    >>> values = torch.eye(3)[None, None]
    >>> reading = DenseAttention(
    ...     "block1", grid, grid, 1, zeros, zeros, values, 1.0, weights.log(), gradient
    ... )
    >>> LeGrad().maps([reading])[0]
    tensor([[[1.0000, 0.3333]]])
    """

    summed: bool = True

    name: ClassVar[str] = "legrad"
    title: ClassVar[str] = "LeGrad"
    paper: ClassVar[str] = "Bousselham et al., arXiv 2404.03214"
    formula: ClassVar[str] = "mean over heads and queries of relu(G)"
    nature: ClassVar[Nature] = Nature.RELEVANCE
    gradients: ClassVar[bool] = True

    def maps(self, readings: Sequence[ContextReading]) -> Sequence[Tensor]:
        """See `TraceMethod`."""
        alone = [self.layer_map(reading) for reading in readings]
        return _means(alone) if self.summed else alone

    def layer_map(self, reading: ContextReading) -> Tensor:
        """Return the map [N, h, w] of one layer by itself."""
        total: Tensor | None = None
        for block in query_blocks(reading):
            gradient = gradient_rows(reading, block, self.name).relu().sum((1, 2))
            total = gradient if total is None else total + gradient
        assert total is not None  # every layer has queries
        return places(total / (reading.heads * reading.queries.tokens), reading.keys)


def _means(maps: Sequence[Tensor]) -> list[Tensor]:
    """Means of the first 1, 2, ... maps, each on the finest grid among its maps."""
    total, means = maps[0], [maps[0]]
    for count, added in enumerate(maps[1:], start=2):
        rows, columns = (max(total.shape[axis], added.shape[axis]) for axis in (1, 2))
        total = _enlarged(total, rows, columns) + _enlarged(added, rows, columns)
        means.append(total / count)
    return means


def _enlarged(one: Tensor, rows: int, columns: int) -> Tensor:
    if one.shape[1:] == (rows, columns):
        return one
    return F.interpolate(one[:, None], (rows, columns), mode="bilinear", align_corners=False)[:, 0]
