"""The map of a layer as colours over the photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource
from attnviz.export.png import png_with_provenance
from attnviz.export.provenance import layer_provenance
from attnviz.render.heat import heat_overlay


@EXPORTS.add
@dataclass(frozen=True)
class MapPicture(Export):
    """PNG at the picture's own size, with its provenance written into it."""

    name: ClassVar[str] = "map"
    title: ClassVar[str] = "Map over the photo"
    suffix: ClassVar[str] = ".png"
    mime: ClassVar[str] = "image/png"
    by_default: ClassVar[bool] = True

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        pixels = heat_overlay(source.picture.pixels, source.focus().scaled)
        return png_with_provenance(pixels, layer_provenance(source))
