"""The maps of all layers side by side, as one picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource
from attnviz.export.map_series import MapSeries, map_series
from attnviz.export.picture_grid import TILE_WIDTH, framed, tiled_png
from attnviz.render.heat import heat_overlay

_MOST_COLUMNS = 6
_MOST_TILES = 120


@EXPORTS.add
@dataclass(frozen=True)
class Filmstrip(Export[ExportSource | MapSeries]):
    """PNG of all maps over the photo, each with its name and the values at the ends of its scale.

    Of more than 120 maps it shows that many, evenly spaced.
    """

    name: ClassVar[str] = "filmstrip"
    title: ClassVar[str] = "Filmstrip"
    suffix: ClassVar[str] = ".png"
    mime: ClassVar[str] = "image/png"
    made_of: ClassVar[tuple[type, ...]] = (ExportSource, MapSeries)
    per_layer: ClassVar[bool] = False

    def write(self, source: ExportSource | MapSeries) -> bytes:
        """See `Export`."""
        series = source if isinstance(source, MapSeries) else map_series(source)
        series = series.thinned(_MOST_TILES)
        pixels = series.small(TILE_WIDTH)
        tiles = [
            framed(
                heat_overlay(pixels, focus.scaled),
                [caption, "flat" if focus.flat else f"{focus.low:.3g} to {focus.high:.3g}"],
            )
            for focus, caption in zip(series.focuses(pixels), series.captions, strict=True)
        ]
        columns = min(_MOST_COLUMNS, math.ceil(math.sqrt(len(tiles))))
        return tiled_png(tiles, columns, series.provenance)
