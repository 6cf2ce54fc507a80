"""Colour scales of the cells at every stop, and the layer displayed at a stop.

Stops go through all networks by relative depth: from the first layer of each to the last of each,
evenly spaced. One more stop after them shows the best layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from attnviz.analysis.explanation import Explanation
from attnviz.methods.base import Nature
from attnviz.methods.fuse import FUSED
from attnviz.ui.components.map_grid.view import Spans
from attnviz.ui.pages.compare.cells import Cell

Range = tuple[float, float]
# A map concentrated in a single cell would leave all others dark.
MOST_EVEN = 8.0


TITLES = {
    Spans.ROW: "One scale per row",
    Spans.ALL: "One scale over all",
    Spans.EVEN: "Relative to an even map",
    Spans.CELL: "Each map separately",
}
NOTES = {
    Spans.ROW: "Absolute values, one scale for all cells and layers of a row. Attention and "
    "relevance have different units, and a scale each.",
    Spans.ALL: "Absolute values, one scale for all cells and layers. Attention and relevance have "
    "different units, and a scale each; so may two methods: the colours compare amounts only where "
    "the method is the same.",
    Spans.EVEN: "Each map is divided by its mean: 1 is what an even map has everywhere. One scale "
    "for all cells at this depth, up to 8 times at most; attention and relevance can share it, for "
    "it has no unit.",
    Spans.CELL: "Each map is stretched between its own lowest and highest value: colours cannot "
    "be compared between cells, and noise looks like a peak.",
}


def stop_count(cells: Sequence[Cell]) -> int:
    """Count the stops of depth: as many as the deepest network has layers."""
    return max((cell.depth for cell in cells), default=0)


def layer_at(cell: Cell, stop: int, count: int) -> int:
    """Return the index of a cell's layer at a stop; the stop `count` means the best layer.

    Parameters
    ----------
    cell : Cell
        A cell with maps.
    stop : int
        Index of the stop.
    count : int
        Number of stops of depth.

    Returns
    -------
    int
        Index in `cell.layers`.
    """
    if stop >= count:
        assert cell.explanation is not None
        return cell.layers.index(cell.explanation.best_layer)
    share = stop / (count - 1) if count > 1 else 1.0
    return math.floor(share * (cell.depth - 1) + 0.5)


def ranges(cells: Sequence[Cell], row_of: Sequence[int]) -> list[dict[Spans, list[Range]]]:
    """Compute the ends of each kind of colour scale, for each cell at every stop.

    Parameters
    ----------
    cells : sequence of Cell
        The cells.
    row_of : sequence of int
        Row of each cell.

    Returns
    -------
    list of dict
        For each cell, by kind of scale, the values that become 0 and 1 at each stop; empty for
        cells without maps.
    """
    count = stop_count(cells)
    made: list[dict[Spans, list[Range]]] = []
    limits = [_limits(cell.explanation) if cell.explanation else {} for cell in cells]
    for index, cell in enumerate(cells):
        if cell.explanation is None:
            made.append({})
            continue
        row = [other for other, number in enumerate(row_of) if number == row_of[index]]
        everywhere = range(len(cells))
        spans: dict[Spans, list[Range]] = {span: [] for span in Spans}
        for stop in range(count + 1):
            layer = cell.layers[layer_at(cell, stop, count)]
            own = limits[index][layer]
            for span, group in ((Spans.ROW, row), (Spans.ALL, everywhere)):
                spans[span].append(
                    own if layer == FUSED else _shared(cells, limits, group, cell.nature)
                )
            spans[Spans.EVEN].append((0.0, _peak(cells, stop, count) * mean_of(cell, layer)))
            spans[Spans.CELL].append(own)
        made.append(spans)
    return made


def mean_of(cell: Cell, layer: str) -> float:
    """Return the mean of a map's positive part: the value of a uniform map with the same sum."""
    assert cell.explanation is not None
    return float(np.maximum(cell.explanation.map_of(layer), 0).mean())


def _limits(explanation: Explanation) -> dict[str, Range]:
    """Lowest and highest value of each layer; evidence against counts as 0."""
    found = {}
    for layer in (*explanation.layers, FUSED):
        values = np.maximum(explanation.map_of(layer), 0)
        found[layer] = float(values.min()), float(values.max())
    return found


def _shared(
    cells: Sequence[Cell], limits: Sequence[dict[str, Range]], group: Sequence[int], nature: Nature
) -> Range:
    """Range over all layers of those cells of a group that have this nature."""
    both = [
        limits[index][layer]
        for index in group
        for explanation in [cells[index].explanation]
        if explanation is not None and cells[index].nature is nature
        for layer in explanation.layers
    ]
    return min(low for low, _ in both), max(high for _, high in both)


def _peak(cells: Sequence[Cell], stop: int, count: int) -> float:
    """Highest ratio of peak to mean of all maps at a stop, clipped to 1..8."""
    peaks = [1.0]
    for cell in cells:
        if cell.explanation is None:
            continue
        layer = cell.layers[layer_at(cell, stop, count)]
        mean = mean_of(cell, layer)
        if mean > 0:
            peaks.append(float(cell.explanation.map_of(layer).max()) / mean)
    return min(max(peaks), MOST_EVEN)
