"""A grid of one picture's maps by epoch and layer, on one colour scale."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np

from attnviz.render.heat import colour_map
from attnviz.types import FloatArray
from attnviz.ui.kit.inline_images import COLOURS, data_link, legend_numbers, png_link

MAX_ROWS = 12


def shown_rows(count: int, most: int = MAX_ROWS) -> list[int]:
    """Choose which checkpoints to show.

    Parameters
    ----------
    count : int
        Number of checkpoints.
    most : int
        Number of checkpoints to show at most.

    Returns
    -------
    list of int
        Sorted indices: dense at first, with the first and the last checkpoint.
    """
    if count <= most:
        return list(range(count))
    spread = np.geomspace(1, count, most) - 1
    rows = sorted({round(float(row)) for row in spread})
    others = [row for row in range(count) if row not in rows]
    while len(rows) < most:  # rounding can merge rows
        rows.append(others.pop(0))
    return sorted(rows)


def checkpoint_grid(
    maps: Mapping[str, FloatArray],
    names: Sequence[str],
    rows: Sequence[int],
    shape: float,
    ends: tuple[float, float],
) -> str:
    """Draw the grid. Time runs downwards, or to the right where the page is wide.

    Parameters
    ----------
    maps : mapping of str to float32 [T, h, w]
        Maps of each layer over T checkpoints.
    names : sequence of str
        Names of all checkpoints, escaped here.
    rows : sequence of int
        Indices of the checkpoints to show.
    shape : float
        Width of the picture over its height.
    ends : (float, float)
        Ends of the colour scale.

    Returns
    -------
    str
        HTML.
    """
    low, high = ends
    titles = "".join(f'<b title="{_safe(layer)}">{_safe(layer)}</b>' for layer in maps)
    body = "".join(_row(maps, names[row], row, low, high) for row in rows)
    first, last = legend_numbers(low, high)
    ramp = colour_map(np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(4, 0), COLOURS)
    return (
        '<div class="av-scroll" tabindex="0" role="group" aria-label="Maps by epoch and layer">'
        f'<div class="av-grid av-growth" style="--av-heads:{len(maps)};--av-shape:{shape:.4f}">'
        f'<b class="av-name">Epoch, by layer</b>{titles}{body}</div></div>'
        '<div class="av-legend"><em>One scale for all epochs and layers; the highest 1 % of values '
        "share the top colour.</em>"
        f'<span>{first}</span><img alt="colour scale" src="{data_link(ramp)}">'
        f"<span>{last}</span></div>"
    )


def _row(maps: Mapping[str, FloatArray], name: str, row: int, low: float, high: float) -> str:
    epoch, _, accuracy = name.partition(", ")
    cells = []
    for layer, values in maps.items():
        range_text = legend_numbers(float(values[row].min()), float(values[row].max()))
        title = f"{_safe(layer)}, {_safe(name)}: {range_text[0]} to {range_text[1]}"
        link = png_link(values[row], low, high)
        cells.append(
            f'<span class="av-cell" title="{title}"><img alt="{title}" src="{link}"></span>'
        )
    aside = f"<small>{_safe(accuracy)}</small>" if accuracy else ""
    return f'<span class="av-name"><span>{_safe(epoch)}</span>{aside}</span>{"".join(cells)}'


def _safe(text: str) -> str:
    return html.escape(text)
