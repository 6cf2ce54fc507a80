"""The values of maps that follow each other, for further computation."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from attnviz.export.base import EXPORTS, Export, Group
from attnviz.export.map_series import MapSeries
from attnviz.export.xmp import provenance_text


@EXPORTS.add
@dataclass(frozen=True)
class MapSeriesValues(Export[MapSeries]):
    """NPZ with the maps in order, their names and provenance; it loads without pickle."""

    name: ClassVar[str] = "series-npz"
    title: ClassVar[str] = "Values of all maps"
    suffix: ClassVar[str] = ".npz"
    mime: ClassVar[str] = "application/octet-stream"
    stem: ClassVar[str] = "maps"
    group: ClassVar[Group] = Group.NUMBERS
    made_of: ClassVar[tuple[type, ...]] = (MapSeries,)
    per_layer: ClassVar[bool] = False

    def write(self, source: MapSeries) -> bytes:
        """See `Export`; the arrays are `map_0`, `map_1` ..., `names` and `provenance`."""
        arrays: dict[str, Any] = {
            f"map_{at}": np.asarray(one, np.float32) for at, one in enumerate(source.maps)
        }
        file = io.BytesIO()
        names, facts = np.asarray(source.captions), np.asarray(provenance_text(source.provenance))
        np.savez_compressed(file, names=names, provenance=facts, **arrays)
        return file.getvalue()
