"""The data that the grid's browser side receives: one blob for the grid, one for the pair.

The grid's blob (see `viewer.blob`) has an array ``cell 0``, ``cell 1``, ... for each cell with
maps: the viewer's blob of its picture and maps. The pair's has an int8 array [rows, columns], in
127ths, for each difference, named as in the header's ``found``: "layer of A,layer of B".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attnviz.pictures import Picture
from attnviz.render.focus import FocusSettings
from attnviz.types import AnyArray, Pixels
from attnviz.ui.components.map_grid.component import Packed
from attnviz.ui.components.map_grid.view import Spans
from attnviz.ui.components.viewer import Content, Layer, pack
from attnviz.ui.kit.known_things import known_things
from attnviz.ui.pages.compare.cells import Cell
from attnviz.ui.pages.compare.fitting import look_title
from attnviz.ui.pages.compare.pairing import Pair, describe_difference
from attnviz.ui.pages.compare.scales import NOTES, TITLES, layer_at, mean_of, ranges, stop_count
from attnviz.viewer.blob import content_id, pack_blob

SIDE = 400
RADIUS = 0.03


def pack_grid(cells: Sequence[Cell], looks: Sequence[str]) -> Packed:
    """Pack a grid for the browser.

    Parameters
    ----------
    cells : sequence of Cell
        All cells, row by row.
    looks : sequence of str
        Questions and methods; the columns.

    Returns
    -------
    Packed
        The grid; deterministic.
    """
    arrays: dict[str, AnyArray | bytes] = {}
    columns = max(len(looks), 1)
    row_of = [index // columns for index in range(len(cells))]
    spans = ranges(cells, row_of)
    count = stop_count(cells)
    photos = {cell.photo.shown.sha256 for cell in cells}
    focus = FocusSettings()
    header: dict[str, Any] = {
        "stops": count,
        "columns": [look_title(look) for look in looks],
        "rows": [_row(cells[start : start + columns], len(photos) > 1)
                 for start in range(0, len(cells), columns)],
        "cells": [
            _cell(f"cell {index}", cell, spans[index], count, arrays)
            for index, cell in enumerate(cells)
        ],
        "scales": [{"name": str(one), "title": TITLES[one], "note": NOTES[one]} for one in Spans],
        "focus": {"threshold": focus.threshold, "softness": focus.softness, "radius": RADIUS},
    }  # fmt: skip
    return Packed({**header, "id": content_id(header, arrays)}, arrays)


def small(picture: Picture) -> Pixels:
    """Reduce a picture to the size of a cell: at most 400 px on the longer side."""
    return picture.reduced(SIDE).pixels


def _row(cells: Sequence[Cell], several: bool) -> dict[str, Any]:
    first = cells[0]
    seen = next((cell.explanation for cell in cells if cell.explanation), None)
    says = [f"{one.label} {one.probability:.2f}" for one in seen.predictions[:2]] if seen else []
    if seen and not seen.sure:
        says = ["not sure, perhaps", *says]
    if known_things(first.spec.labels):
        says = [f"knows {len(first.spec.labels)} things", *says]
    return {"title": first.spec.title, "says": says, "photo": first.photo.title if several else ""}


def _cell(
    name: str,
    cell: Cell,
    spans: Mapping[Spans, Any],
    count: int,
    arrays: dict[str, AnyArray | bytes],
) -> dict[str, Any]:
    """Describe a cell, and add its blob to the arrays under `name`."""
    about = {"key": cell.key, "look": cell.look, "what": cell.what}
    explanation = cell.explanation
    if explanation is None:
        return {**about, "sentence": cell.sentence}
    pixels = small(explanation.picture)
    layers = [Layer(name, explanation.map_of(name)) for name in cell.layers]
    geometry = explanation.geometry.resized(pixels.shape[:2])
    packed = pack(Content(pixels, geometry, layers, cell.what))
    arrays[name] = packed.to_bytes({}, "")
    method = explanation.choice.method
    return {
        **about,
        "method": method.title + (" (negative values count as 0)" if method.signed else ""),
        "depth": cell.depth,
        "layers": [layer_at(cell, stop, count) for stop in range(count + 1)],
        "means": [mean_of(cell, name) for name in cell.layers],
        "ranges": {str(span): [list(ends) for ends in found] for span, found in spans.items()},
        "id": packed.id,
        "scene": name,
    }


def pack_pair(pair: Pair, grid: str) -> bytes:
    """Pack two compared cells of the grid that has the id `grid`.

    Parameters
    ----------
    pair : Pair
        The cells and their differences.
    grid : str
        Id of the packed grid that they belong to.

    Returns
    -------
    bytes
        The blob.
    """
    arrays: dict[str, AnyArray | bytes] = {}
    found: dict[str, dict[str, Any]] = {}
    for layers, difference in pair.found.items():
        name = ",".join(map(str, layers))
        if isinstance(difference, str):
            found[name] = {"sentence": difference}
            continue
        arrays[name] = np.rint(difference.values * 127).astype(np.int8)
        box = [round(side, 6) for side in difference.box]
        found[name] = {"says": list(describe_difference(difference)), "box": box}
    header = {"grid": grid, "a": pair.a.key, "b": pair.b.key, "note": pair.note, "found": found}
    return pack_blob(header, arrays)
