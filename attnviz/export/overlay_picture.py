"""The map of a layer as colours over the photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, ExportSource
from attnviz.export.picture_export import PicturePng
from attnviz.render.heat import heat_overlay
from attnviz.types import Pixels


@EXPORTS.add
@dataclass(frozen=True)
class OverlayPicture(PicturePng):
    """PNG at the picture's own size, with its provenance written into it."""

    name: ClassVar[str] = "overlay"
    title: ClassVar[str] = "Map over the photo"
    by_default: ClassVar[bool] = True

    def pixels(self, source: ExportSource) -> Pixels:
        """See `PictureExport`."""
        return heat_overlay(source.picture.pixels, source.focus().scaled)
