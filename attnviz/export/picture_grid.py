"""Several pictures in a grid, each with a colour scale and lines of text below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from attnviz.export.animation import captioned
from attnviz.export.png import png_with_provenance
from attnviz.render.heat import colour_map
from attnviz.types import Pixels

_GAP = 10
_BACKGROUND = 24
TILE_WIDTH = 400
"""Width of each tile in pixels."""
_SCALE_HEIGHT = 6
_LINES = 3


@dataclass(frozen=True, eq=False)
class PictureGrid:
    """Tiles in rows.

    Attributes
    ----------
    tiles : sequence of uint8 [h, 400, 3]
        From `framed`, row by row.
    columns : int
        Tiles per row.
    provenance : mapping of str to str
        Written into the file.
    """

    tiles: Sequence[Pixels]
    columns: int
    provenance: Mapping[str, str]


def framed(pixels: Pixels, lines: Sequence[str]) -> Pixels:
    """A tile: the picture at the tiles' common width, the colour scale, and three lines of text.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3].
    lines
        Up to three lines; missing ones stay empty.

    Returns
    -------
    Pixels
        uint8 [h, 400, 3].
    """
    height = max(1, round(pixels.shape[0] * TILE_WIDTH / pixels.shape[1]))
    fitted = cv2.resize(pixels, (TILE_WIDTH, height), interpolation=cv2.INTER_LINEAR)
    ramp = np.linspace(0, 1, TILE_WIDTH, dtype=np.float32)[None].repeat(_SCALE_HEIGHT, 0)
    tile = np.vstack([np.asarray(fitted, np.uint8), colour_map(ramp, "inferno")])
    for line in [*lines, "", "", ""][:_LINES]:
        tile = captioned(tile, line)
    return tile


def tiled_png(tiles: Sequence[Pixels], columns: int, provenance: Mapping[str, str]) -> bytes:
    """Tiles of one width, row by row, as PNG with its provenance.

    Parameters
    ----------
    tiles
        uint8 [h, 400, 3] each, from `framed`.
    columns
        Tiles per row.
    provenance
        What is written into the file.
    """
    rows = [_side_by_side(tiles[at : at + columns]) for at in range(0, len(tiles), columns)]
    width = max(row.shape[1] for row in rows)
    for at, row in enumerate(rows):  # the last may be shorter
        rows[at] = np.full((row.shape[0], width, 3), _BACKGROUND, np.uint8)
        rows[at][:, : row.shape[1]] = row
    return png_with_provenance(np.vstack(rows), provenance)


def _side_by_side(tiles: Sequence[Pixels]) -> Pixels:
    height = max(tile.shape[0] for tile in tiles) + _GAP
    padded = []
    for tile in tiles:
        background = np.full((height, tile.shape[1] + _GAP, 3), _BACKGROUND, np.uint8)
        background[: tile.shape[0], : tile.shape[1]] = tile
        padded.append(background)
    return np.hstack(padded)
