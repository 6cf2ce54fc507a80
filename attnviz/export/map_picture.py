"""The map of a layer as colours alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, ExportSource
from attnviz.export.picture_export import PicturePng
from attnviz.render.heat import colour_map
from attnviz.types import Pixels


@EXPORTS.add
@dataclass(frozen=True)
class MapPicture(PicturePng):
    """PNG at the picture's own size, in the colours of the map over the photo."""

    name: ClassVar[str] = "map"
    title: ClassVar[str] = "Map alone"

    def pixels(self, source: ExportSource) -> Pixels:
        """See `PictureExport`."""
        return colour_map(source.focus().scaled, "inferno")
