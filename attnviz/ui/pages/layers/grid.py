"""A grid of small maps, layers x heads, on one colour scale."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from attnviz.analysis.layer_statistics import QueryMaps
from attnviz.render.heat import colour_map
from attnviz.types import FloatArray
from attnviz.ui.kit.inline_images import COLOURS, data_link, legend_numbers, png_link

MOST_HEADS = 32  # the most in the catalogue: the last stage of Swin-B


def head_grid(
    maps: Sequence[QueryMaps],
    input_size: tuple[int, int],
    point: tuple[float, float] | None = None,
    *,
    stretched: bool = False,
) -> str:
    """Draw a row for each layer and a column for each head.

    Parameters
    ----------
    maps : sequence of QueryMaps
        Maps of each layer; a note says if heads beyond the 32nd are left out.
    input_size : (int, int)
        Height and width of the network's input, for the shape of the maps.
    point : (float, float), optional
        The query's position (y, x) in 0..1 of the input, marked in each map.
    stretched : bool
        Whether each map has its own scale, from its lowest to its highest value.

    Returns
    -------
    str
        HTML; names are escaped.
    """
    low, high = scale_of(maps)
    columns = min(max(len(one.values) for one in maps), MOST_HEADS)
    titles = "".join(f"<b>{head + 1}</b>" for head in range(columns))
    rows = "".join(_row(one, columns, None if stretched else (low, high), point) for one in maps)
    shape = f"--av-heads:{columns};--av-shape:{input_size[1] / input_size[0]:.4f}"
    head = f'<b class="av-name">Layer, by head</b>{titles}'
    return (
        '<div class="av-scroll" tabindex="0" role="group" aria-label="Maps by layer and head">'
        f'<div class="av-grid" style="{shape}">{head}{rows}</div></div>'
        f"{_legend(low, high, stretched)}{_more_heads(maps)}"
    )


def scale_of(maps: Sequence[QueryMaps]) -> tuple[float, float]:
    """Return the lowest and the highest value of all layers and heads."""
    return (
        min(float(one.values.min()) for one in maps),
        max(float(one.values.max()) for one in maps),
    )


def _row(
    one: QueryMaps,
    columns: int,
    scale: tuple[float, float] | None,
    point: tuple[float, float] | None,
) -> str:
    name = html.escape(one.layer)
    elsewhere = float(one.elsewhere.mean())
    aside = (
        f"<small>{100 * elsewhere:.0f} % to non-spatial tokens</small>"
        if elsewhere >= 0.005
        else ""
    )
    heads = one.values[:columns]
    cells = "".join(_cell(values, name, head, scale, point) for head, values in enumerate(heads))
    empty = "<span></span>" * (columns - len(heads))
    return f'<span class="av-name" title="{name}"><span>{name}</span>{aside}</span>{cells}{empty}'


def _cell(
    values: FloatArray,
    name: str,
    head: int,
    scale: tuple[float, float] | None,
    point: tuple[float, float] | None,
) -> str:
    low, high = scale or (float(values.min()), float(values.max()))
    ends = legend_numbers(float(values.min()), float(values.max()))
    title = f"{name}, head {head + 1}: {ends[0]} to {ends[1]}"
    dot = ""
    if point is not None:
        dot = f'<i style="top:{100 * point[0]:.1f}%;left:{100 * point[1]:.1f}%"></i>'
    link = png_link(values, low, high)
    scaled = "" if scale else f"<small>{ends[0]} to {ends[1]}</small>"
    picture = f'<img alt="{title}" src="{link}">'
    return f'<span class="av-cell" title="{title}">{picture}{dot}{scaled}</span>'


def _legend(low: float, high: float, stretched: bool) -> str:
    if stretched:
        return (
            '<div class="av-legend"><em>Each map runs from its own lowest to its own highest share '
            "of attention, which stand below it: brightness cannot be compared between maps.</em>"
            "</div>"
        )
    ramp = colour_map(np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(4, 0), COLOURS)
    first, last = legend_numbers(low, high)
    return (
        '<div class="av-legend"><em>Share of the attention that a cell gets; one scale for all '
        f'layers and heads.</em><span>{first}</span><img alt="colour scale" '
        f'src="{data_link(ramp)}"><span>{last}</span></div>'
    )


def _more_heads(maps: Sequence[QueryMaps]) -> str:
    most = max(len(one.values) for one in maps)
    if most <= MOST_HEADS:
        return ""
    return f'<div class="av-legend"><em>The first {MOST_HEADS} of {most} heads.</em></div>'
