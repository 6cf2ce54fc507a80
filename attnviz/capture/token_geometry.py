"""Where the tokens of one attention call lie in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from attnviz.capture.readings import TokenGrid


@dataclass(frozen=True, eq=False)
class TokenGeometry:
    """How the rows of a call, for one input, map to tokens of the grids on both sides.

    A call has a number of leading entries (windows x heads in any order). table: int64 [windows,
    heads], the leading entries of each window. query_cells: int64 [windows, T], key_cells: int64
    [windows, S]: the token of each row, prefix included, -1 for padding outside the picture.
    input_size: (height, width) of the network's input for which this holds.
    """

    queries: TokenGrid
    keys: TokenGrid
    table: Tensor
    query_cells: Tensor
    key_cells: Tensor
    input_size: tuple[int, int]

    @property
    def heads(self) -> int:
        """Number of heads."""
        return self.table.shape[1]

    @property
    def entries(self) -> int:
        """Leading entries for one input."""
        return self.table.numel()

    @property
    def dense(self) -> bool:
        """Whether every query looks at every key, in the order of the grids."""
        return (
            len(self.table) == 1
            and _in_order(self.table[0], self.heads)
            and _in_order(self.query_cells[0], self.queries.tokens)
            and _in_order(self.key_cells[0], self.keys.tokens)
        )

    def query_positions(self) -> Tensor:
        """Where each token of the `queries` grid stands: window x T + row, -1 if nowhere."""
        flat = self.query_cells.flatten()
        found = flat.new_full((self.queries.tokens,), -1)
        order = torch.arange(len(flat)).flip(0)  # the first of several is kept
        real = order[flat[order] >= 0]
        found[flat[real]] = real
        return found


def _in_order(cells: Tensor, count: int) -> bool:
    return len(cells) == count and bool((cells == torch.arange(count)).all())
