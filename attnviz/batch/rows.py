"""One row of numbers, and the maps, that are written for each picture of a set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow

from attnviz.analysis.explanation import Explanation
from attnviz.batch.engine import ExplainedPicture
from attnviz.batch.picture_file import PictureFile
from attnviz.metrics.map_statistics import MapStatistics, share_inside
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import FloatArray
from attnviz.untrusted.values import sendable

BEST = 5
SEEN = ("seen_top", "seen_left", "seen_bottom", "seen_right")
_TEXT, _NUMBER, _COUNT = pyarrow.string(), pyarrow.float32(), pyarrow.int32()

SCORES = pyarrow.schema(
    [
        ("index", pyarrow.int64()),
        ("path", _TEXT),
        ("group", _TEXT),
        ("sha256", _TEXT),
        ("width", _COUNT),
        ("height", _COUNT),
        *((name, _NUMBER) for name in SEEN),
        *((f"top{rank}", _TEXT) for rank in range(1, BEST + 1)),
        *((f"probability{rank}", _NUMBER) for rank in range(1, BEST + 1)),
        ("margin", _NUMBER),
        ("sure", pyarrow.bool_()),
        ("method", _TEXT),
        ("layer", _TEXT),
        ("target", _TEXT),
        ("focus_share", _NUMBER),
        ("entropy", _NUMBER),
        ("centre_y", _NUMBER),
        ("centre_x", _NUMBER),
        ("spread", _NUMBER),
        ("flat", pyarrow.bool_()),
        ("inside_box", _NUMBER),
        ("blur_budget", _NUMBER),
        ("seconds", _NUMBER),
        ("error", _TEXT),
    ]
)

MAPS = pyarrow.schema(
    [
        ("index", pyarrow.int64()),
        ("layer", _TEXT),
        ("rows", _COUNT),
        ("columns", _COUNT),
        ("scale", _NUMBER),
        ("values", pyarrow.list_(pyarrow.float16())),
    ]
)


def score_row(result: ExplainedPicture, file: PictureFile) -> dict[str, Any]:
    """Return the row of a picture; what is not known of it is missing.

    Parameters
    ----------
    result
        Its explanation, or why there is none.
    file
        Where it lies.

    Returns
    -------
    dict
        By the names of `SCORES`.
    """
    row: dict[str, Any] = {"index": result.index, "path": sendable(file.name)}
    row["group"] = sendable(file.group)  # names of files need not be valid text
    found = result.explanation
    if found is None:
        return {**row, "error": sendable(str(result.error))}
    row |= {
        "sha256": found.picture.sha256,
        "width": found.picture.width,
        "height": found.picture.height,
        **dict(zip(SEEN, _seen(found.geometry), strict=True)),
        "sure": found.sure if found.predictions else None,
        "method": found.method,
        "layer": found.best_layer,
        "target": found.target_text,
    }
    for rank, one in enumerate(found.predictions[:BEST], 1):
        row |= {f"top{rank}": one.label, f"probability{rank}": one.probability}
    if len(found.predictions) > 1:
        row["margin"] = found.predictions[0].probability - found.predictions[1].probability
    values = found.map_of(found.best_layer)
    measured = MapStatistics.of(values, found.geometry)
    row |= {name: getattr(measured, name) for name in MapStatistics.__dataclass_fields__}
    if file.box is not None:
        row["inside_box"] = share_inside(values, found.geometry, file.box)
    return row


def _seen(geometry: PictureGeometry) -> tuple[float, ...]:
    """The part of the picture that the network sees, in shares of its height and width."""
    sides = (*geometry.picture_size, *geometry.picture_size)
    return tuple(edge / side for edge, side in zip(geometry.box, sides, strict=True))


def geometry_of(row: Mapping[str, Any]) -> PictureGeometry:
    """Return which part of a picture the network saw, from the row of `SCORES`.

    The size of the network's input is not stored: what is drawn of a map does not depend on it.
    """
    size = int(row["height"]), int(row["width"])
    top, left, bottom, right = (float(row[name]) for name in SEEN)
    box = (top * size[0], left * size[1], bottom * size[0], right * size[1])
    return PictureGeometry(size, box, size)


def map_rows(result: ExplainedPicture) -> Iterator[dict[str, Any]]:
    """Yield a row for the map of each layer, on the layer's own grid, by the names of `MAPS`.

    Values are shares of the largest magnitude, which is the row's `scale`: small gradients would
    vanish in float16.
    """
    found = result.explanation
    for layer, values in zip(*_maps(found), strict=True) if found else ():
        scale = float(np.abs(values).max()) or 1.0
        shares = (values / np.float32(scale)).astype(np.float16)
        rows, columns = values.shape
        yield {
            "index": result.index,
            "layer": layer,
            "rows": rows,
            "columns": columns,
            "scale": scale,
            "values": shares.ravel(),
        }


def _maps(found: Explanation) -> tuple[list[str], list[FloatArray]]:
    """The layers with their maps; all layers fused too, where that is the best."""
    names = list(found.layers)
    if found.best_layer not in names:
        names.append(found.best_layer)
    return names, [found.map_of(name) for name in names]
