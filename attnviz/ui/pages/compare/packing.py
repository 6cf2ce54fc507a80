"""The whole grid as one blob of bytes for the browser, and the two cells compared as another.

`u32 length (little-endian) | header, JSON | blocks`: the header says where each block begins, from
the header's end, and how long it is. A cell's block is what the viewer is sent, a picture and its
maps; a difference is int8 [rows, columns], in 127ths.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from attnviz.metrics.map_difference import MapDifference
from attnviz.pictures import Picture
from attnviz.render.focus import FocusSettings
from attnviz.types import Pixels
from attnviz.ui.components.base.blob import blob
from attnviz.ui.components.map_grid.component import Packed
from attnviz.ui.components.map_grid.view import Spans
from attnviz.ui.components.viewer import Content, Layer, pack
from attnviz.ui.pages.compare.cells import Cell
from attnviz.ui.pages.compare.fitting import look_title
from attnviz.ui.pages.compare.pairing import Pair, describe_difference
from attnviz.ui.pages.compare.scales import NOTES, TITLES, layer_at, mean_of, ranges, stop_count

SIDE = 400
RADIUS = 0.03


@dataclass
class Blocks:
    """What stands behind the header; `add` says where."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, raw: bytes) -> list[int]:
        """Append a block; [start, size]."""
        place = [self.size, len(raw)]
        self.parts.append(raw)
        self.size += len(raw)
        return place


def pack_grid(cells: Sequence[Cell], looks: Sequence[str]) -> Packed:
    """Pack a grid whose columns are `looks`, cell after cell in rows. The same gives the same."""
    blocks = Blocks()
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
            _cell(cell, span, count, blocks) for cell, span in zip(cells, spans, strict=True)
        ],
        "scales": [{"name": str(one), "title": TITLES[one], "note": NOTES[one]} for one in Spans],
        "focus": {"threshold": focus.threshold, "softness": focus.softness, "radius": RADIUS},
    }  # fmt: skip
    body = b"".join(blocks.parts)
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    digest.update(body)
    return Packed({**header, "id": digest.hexdigest()[:32]}, body)


def small(picture: Picture) -> Pixels:
    """The picture at the size at which cells show it: 400 px on the longer side at most."""
    return picture.reduced(SIDE).pixels


def _row(cells: Sequence[Cell], several: bool) -> dict[str, Any]:
    first = cells[0]
    seen = next((cell.explanation for cell in cells if cell.explanation), None)
    says = [f"{one.label} {one.probability:.2f}" for one in seen.predictions[:2]] if seen else []
    return {"title": first.spec.title, "says": says, "photo": first.photo.title if several else ""}


def _cell(cell: Cell, spans: Mapping[Spans, Any], count: int, blocks: Blocks) -> dict[str, Any]:
    about = {"key": cell.key, "look": cell.look, "what": cell.what}
    explanation = cell.explanation
    if explanation is None:
        return {**about, "sentence": cell.sentence}
    pixels = small(explanation.picture)
    layers = [Layer(name, explanation.map_of(name)) for name in cell.layers]
    geometry = explanation.geometry.resized(pixels.shape[:2])
    packed = pack(Content(pixels, geometry, layers, cell.what))
    method = explanation.choice.method
    return {
        **about,
        "method": method.title + (" (negative values count as 0)" if method.signed else ""),
        "depth": cell.depth,
        "layers": [layer_at(cell, stop, count) for stop in range(count + 1)],
        "means": [mean_of(cell, name) for name in cell.layers],
        "ranges": {str(span): [list(ends) for ends in found] for span, found in spans.items()},
        "id": packed.id,
        "at": blocks.add(packed.to_bytes({}, "")),
    }


def pack_pair(pair: Pair, grid: str) -> bytes:
    """Pack two compared cells of the grid that has the id `grid`."""
    blocks = Blocks()
    found = {f"{a},{b}": _found(one, blocks) for (a, b), one in pair.found.items()}
    header = {"grid": grid, "a": pair.a.key, "b": pair.b.key, "note": pair.note, "found": found}
    return blob(header, b"".join(blocks.parts))


def _found(one: MapDifference | str, blocks: Blocks) -> dict[str, Any]:
    if isinstance(one, str):
        return {"sentence": one}
    codes = np.rint(one.values * 127).astype(np.int8)
    return {
        "says": list(describe_difference(one)),
        "rows": codes.shape[0],
        "columns": codes.shape[1],
        "box": [round(side, 6) for side in one.box],
        "at": blocks.add(codes.tobytes()),
    }
