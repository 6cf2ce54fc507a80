"""Whether a map lies over the picture, and how tokens become one."""

from __future__ import annotations

from torch import Tensor


def is_spatial_grid(grid: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Whether `grid` has more than one cell and about the shape of `size`, give or take a cell."""
    stride = min(size[0] / grid[0], size[1] / grid[1])
    fits = all(abs(side / stride - cells) <= 1.5 for side, cells in zip(size, grid, strict=True))
    return fits and grid[0] * grid[1] > 1


def tokens_to_map(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """A row of tokens [N, T, C] as [N, C, rows, columns]; those in front, class tokens, are cut."""
    rows, columns = grid
    patches = tokens[:, tokens.shape[1] - rows * columns :]
    return patches.transpose(1, 2).reshape(len(tokens), -1, rows, columns)
