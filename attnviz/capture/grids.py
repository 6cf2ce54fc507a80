"""Whether a map lies over the picture."""

from __future__ import annotations


def lies_over(grid: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Whether `grid` has more than one cell and about the shape of `size`, give or take a cell."""
    stride = min(size[0] / grid[0], size[1] / grid[1])
    fits = all(abs(side / stride - cells) <= 1.5 for side, cells in zip(size, grid, strict=True))
    return fits and grid[0] * grid[1] > 1
