"""The grid as a picture for saving."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from attnviz.export.base import ExportSource
from attnviz.export.picture_grid import PictureGrid, framed
from attnviz.export.several import SeveralSources
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusMap, FocusSettings, Scale, focus_map
from attnviz.render.heat import heat_overlay
from attnviz.types import Pixels
from attnviz.ui.components.map_grid.view import GridView, Shown, Spans
from attnviz.ui.kit.inline_images import legend_numbers
from attnviz.ui.pages.compare.cells import Cell
from attnviz.ui.pages.compare.packing import RADIUS, small
from attnviz.ui.pages.compare.scales import TITLES, Range, layer_at, mean_of, ranges, stop_count


def picture_grid(cells: Sequence[Cell], looks: Sequence[str], view: GridView) -> PictureGrid:
    """Render all cells as displayed, with their provenance.

    Parameters
    ----------
    cells : sequence of Cell
        All cells, row by row.
    looks : sequence of str
        Questions and methods; the columns.
    view : GridView
        Values of the controls.

    Returns
    -------
    PictureGrid
        A tile for each cell.
    """
    count = stop_count(cells)
    stop = view.stop(count)
    columns = max(len(looks), 1)
    spans = ranges(cells, [index // columns for index in range(len(cells))])
    tiles = [
        _tile(cell, found[view.scale][stop] if found else (0.0, 0.0), stop, count, view)
        for cell, found in zip(cells, spans, strict=True)
    ]
    return PictureGrid(tiles, columns, provenance(cells, view))


def report_sources(cells: Sequence[Cell], view: GridView) -> SeveralSources:
    """Return each cell with maps as a report shows it: at the grid's depth, on its own scale."""
    count = stop_count(cells)
    stop = view.stop(count)
    return SeveralSources(
        tuple(
            ExportSource(
                cell.explanation.picture,
                cell.explanation,
                cell.layers[layer_at(cell, stop, count)],
                radius=RADIUS * math.hypot(*cell.explanation.picture.pixels.shape[:2]),
            )
            for cell in cells
            if cell.explanation is not None
        )
    )


def provenance(cells: Sequence[Cell], view: GridView) -> dict[str, str]:
    """Describe what the grid shows, and the provenance of each cell."""
    count = stop_count(cells)
    stop = view.stop(count)
    depth = "best layer of each" if view.best else f"{100 * view.depth:.0f} % of the layers"
    facts = {"shown": str(view.shown), "scale": TITLES[view.scale], "depth": depth}
    for cell in cells:
        explanation = cell.explanation
        if explanation is None:
            facts[f"cell {cell.key}"] = cell.sentence
            continue
        layer = cell.layers[layer_at(cell, stop, count)]
        parts = {**explanation.provenance, "layer": layer, "shows": cell.what}
        facts[f"cell {cell.key}"] = "; ".join(f"{name}: {value}" for name, value in parts.items())
    return facts


def cell_focus(cell: Cell, layer: str, ends: Range, scale: Spans) -> FocusMap:
    """Compute the focus of a cell at display size, on the grid's scale.

    Parameters
    ----------
    cell : Cell
        A cell with maps.
    layer : str
        The layer to show.
    ends : Range
        Values that become 0 and 1.
    scale : Spans
        Which maps share the scale.

    Returns
    -------
    FocusMap
        The focus at the size of the displayed cell.
    """
    assert cell.explanation is not None
    pixels = small(cell.explanation.picture)
    own = Scale.LAYER if scale is Spans.CELL or ends[0] >= ends[1] else Scale.ALL_LAYERS
    return focus_map(
        cell.explanation.map_of(layer),
        cell.explanation.geometry.resized(pixels.shape[:2]),
        FocusSettings(scale=own),
        value_range=ends,
        layer=layer,
    )


def scale_ends(cell: Cell, layer: str, ends: Range, scale: Spans) -> tuple[str, str]:
    """Format both ends of a cell's colour scale."""
    if scale is not Spans.EVEN:
        return legend_numbers(*ends)
    mean = mean_of(cell, layer)
    return "0", f"{ends[1] / mean:.1f} x even" if mean else "0"


def _tile(cell: Cell, ends: Range, stop: int, count: int, view: GridView) -> Pixels:
    pixels = small(cell.photo.shown)
    if cell.explanation is None:
        blank = np.full_like(pixels, 60)
        return framed(blank, [cell.spec.title, cell.sentence])
    layer = cell.layers[layer_at(cell, stop, count)]
    focus = cell_focus(cell, layer, ends, view.scale)
    if view.shown is Shown.FOCUS:
        drawn = bokeh(pixels, focus.values, RADIUS * math.hypot(*pixels.shape[:2]))
    else:
        drawn = heat_overlay(pixels, focus.scaled)
    low, high = scale_ends(cell, layer, ends, view.scale)
    perhaps = "" if cell.explanation.sure else "perhaps "
    best = [
        f"{perhaps}{one.label} {one.probability:.2f}" for one in cell.explanation.predictions[:1]
    ]
    seen = ": ".join([cell.spec.title, *best])
    method = cell.explanation.choice.method.title
    return framed(drawn, [seen, f"{cell.what}: {method}", f"{layer}, {low} to {high}"])
