"""The focus picture: sharp where the model attends, bokeh elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, ExportSource
from attnviz.export.picture_export import PicturePng
from attnviz.export.provenance import focus_provenance
from attnviz.types import Pixels


@EXPORTS.add
@dataclass(frozen=True)
class FocusPicture(PicturePng):
    """PNG at the picture's own size, with its provenance written into it."""

    name: ClassVar[str] = "focus"
    title: ClassVar[str] = "Focus picture"
    by_default: ClassVar[bool] = True

    def pixels(self, source: ExportSource) -> Pixels:
        """See `PictureExport`."""
        return source.blurred(source.focus())

    def provenance(self, source: ExportSource) -> Mapping[str, str]:
        """See `PictureExport`."""
        return focus_provenance(source)
