"""The grid of a comparison as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export
from attnviz.export.picture_grid import PictureGrid, tiled_png


@EXPORTS.add
@dataclass(frozen=True)
class GridPicture(Export[PictureGrid]):
    """PNG as it is shown, with models, methods and scale written into it."""

    name: ClassVar[str] = "compare"
    title: ClassVar[str] = "Grid"
    suffix: ClassVar[str] = ".png"
    mime: ClassVar[str] = "image/png"
    made_of: ClassVar[tuple[type, ...]] = (PictureGrid,)

    def write(self, source: PictureGrid) -> bytes:
        """See `Export`."""
        return tiled_png(source.tiles, source.columns, source.provenance)
