"""Grids of positions: recognise them by their shape, and lay out tokens on them."""

from __future__ import annotations

import math

from torch import Tensor

MAX_PREFIX = 16
"""Tokens without a position are class, distillation and register tokens; these are few."""


def is_spatial_grid(grid: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Return whether a grid has more than one cell and the aspect of the input, within a cell.

    Parameters
    ----------
    grid
        Rows and columns.
    size
        (height, width) of the input in pixels.

    Returns
    -------
    bool
        Whether a map on this grid can be shown over the input.
    """
    stride = min(size[0] / grid[0], size[1] / grid[1])
    fits = all(abs(side / stride - cells) <= 1.5 for side, cells in zip(size, grid, strict=True))
    return fits and grid[0] * grid[1] > 1


def cut_grid(shape: tuple[int, ...], size: tuple[int, int]) -> tuple[int, int] | None:
    """Return the grid of square patches into which a picture was cut, if a tensor is made of them.

    Parameters
    ----------
    shape
        [N, rows, columns, C], or [N, T, C] or [T, N, C] of a single input; of tokens, up to 16 may
        have no position.
    size
        (height, width) of the input in pixels.

    Returns
    -------
    tuple of int, or None
        Rows and columns.
    """
    if len(shape) == 4:
        counts = [shape[1] * shape[2]]
    elif len(shape) == 3:
        tokens = shape[0] if shape[1] == 1 else shape[1]
        counts = list(range(tokens, max(1, tokens - MAX_PREFIX - 1), -1))
    else:
        return None
    for count in counts:
        step = math.isqrt(size[0] * size[1] // count)
        if not step or size[0] % step or size[1] % step:
            continue
        grid = size[0] // step, size[1] // step
        if grid[0] * grid[1] == count and (len(shape) == 3 or grid == tuple(shape[1:3])):
            return grid
    return None


def tokens_to_map(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """Lay out a sequence of tokens on its grid; class tokens in front are dropped.

    Parameters
    ----------
    tokens
        [N, T, C] with T >= rows x columns.
    grid
        Rows and columns.

    Returns
    -------
    Tensor
        [N, C, rows, columns].
    """
    rows, columns = grid
    patches = tokens[:, tokens.shape[1] - rows * columns :]
    return patches.transpose(1, 2).reshape(len(tokens), -1, rows, columns)


def cell_of(point: tuple[float, float], grid: tuple[int, int]) -> tuple[int, int]:
    """Return the row and column of the cell that contains a point (y, x), both in 0..1.

    Parameters
    ----------
    point
        From the top and from the left.
    grid
        Rows and columns.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> cell_of((0.5, 1.0), (4, 3))
    (2, 2)
    """
    row, column = (min(int(at * count), count - 1) for at, count in zip(point, grid, strict=True))
    return row, column
