"""Epochs by layers: one picture's maps on one colour scale; time goes down,
or right where the page is wide.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np

from attnviz.render.heat import colour_map
from attnviz.types import FloatArray
from attnviz.ui.kit.inline_images import COLOURS, data_link, legend_numbers, png_link

MAX_ROWS = 12


def shown_rows(count: int, most: int = MAX_ROWS) -> list[int]:
    """At most `most` of `count` checkpoints: dense at first, always the first and the last."""
    if count <= most:
        return list(range(count))
    spread = np.geomspace(1, count, most) - 1
    rows = sorted({round(float(one)) for one in spread})
    others = [one for one in range(count) if one not in rows]
    while len(rows) < most:  # where rounding made two of them one
        rows.append(others.pop(0))
    return sorted(rows)


def checkpoint_grid(
    maps: Mapping[str, FloatArray],
    names: Sequence[str],
    rows: Sequence[int],
    shape: float,
    ends: tuple[float, float],
) -> str:
    """HTML; names are escaped.

    maps: float32 [T, h, w] of each layer. names: of all checkpoints. rows: those to show. shape:
    the picture's width over its height. ends: of the colour scale.
    """
    low, high = ends
    titles = "".join(f'<b title="{_safe(one)}">{_safe(one)}</b>' for one in maps)
    body = "".join(_row(maps, names[row], row, low, high) for row in rows)
    first, last = legend_numbers(low, high)
    ramp = colour_map(np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(4, 0), COLOURS)
    return (
        '<div class="av-scroll" tabindex="0" role="group" aria-label="Maps by epoch and layer">'
        f'<div class="av-grid av-growth" style="--av-heads:{len(maps)};--av-shape:{shape:.4f}">'
        f'<b class="av-name">Epoch, by layer</b>{titles}{body}</div></div>'
        '<div class="av-legend"><em>One scale for all epochs and layers; the largest 1 % '
        "share the highest colour.</em>"
        f'<span>{first}</span><img alt="colour scale" src="{data_link(ramp)}">'
        f"<span>{last}</span></div>"
    )


def _row(maps: Mapping[str, FloatArray], name: str, row: int, low: float, high: float) -> str:
    when, _, right = name.partition(", ")
    cells = []
    for layer, values in maps.items():
        ends = legend_numbers(float(values[row].min()), float(values[row].max()))
        said = f"{_safe(layer)}, {_safe(name)}: {ends[0]} to {ends[1]}"
        link = png_link(values[row], low, high)
        cells.append(f'<span class="av-cell" title="{said}"><img alt="{said}" src="{link}"></span>')
    aside = f"<small>{_safe(right)}</small>" if right else ""
    return f'<span class="av-name"><span>{_safe(when)}</span>{aside}</span>{"".join(cells)}'


def _safe(text: str) -> str:
    return html.escape(text)
