"""Where the tokens of one attention call are in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from attnviz.capture.readings import TokenGrid


@dataclass(frozen=True, eq=False)
class TokenGeometry:
    """Maps the rows of an attention call, for one input, to tokens of the grids on both sides.

    A call has a number of leading entries (windows x heads in any order).

    Attributes
    ----------
    queries, keys
        Grids of the two sides.
    table
        int64 [windows, heads], the leading entries of each window.
    query_cells, key_cells
        int64 [windows, T] and [windows, S], the token of each row, prefix included; -1 for padding
        outside the picture.
    input_size
        (height, width) in pixels of the network's input for which this holds.
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
        """Number of leading entries for one input."""
        return self.table.numel()

    @property
    def dense(self) -> bool:
        """Whether every query attends to every key, in the order of the grids."""
        return (
            len(self.table) == 1
            and _in_order(self.table[0], self.heads)
            and _in_order(self.query_cells[0], self.queries.tokens)
            and _in_order(self.key_cells[0], self.keys.tokens)
        )

    def query_positions(self) -> Tensor:
        """Find each query token in the windows.

        Returns
        -------
        Tensor
            int64 [queries.tokens], window x T + row of the token's first occurrence; -1 if it is in
            no window.
        """
        flat = self.query_cells.flatten()
        positions = flat.new_full((self.queries.tokens,), -1)
        order = torch.arange(len(flat)).flip(0)  # so that the first occurrence is written last
        real = order[flat[order] >= 0]
        positions[flat[real]] = real
        return positions


def _in_order(cells: Tensor, count: int) -> bool:
    return len(cells) == count and bool((cells == torch.arange(count)).all())
