"""Grids of positions: recognise them by their shape, and lay out tokens on them."""

from __future__ import annotations

from torch import Tensor


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
