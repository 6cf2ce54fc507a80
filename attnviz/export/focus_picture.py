"""The focus picture: sharp where the model attends, bokeh elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource
from attnviz.export.png import png_with_provenance
from attnviz.export.provenance import focus_provenance


@EXPORTS.add
@dataclass(frozen=True)
class FocusPicture(Export):
    """PNG at the picture's own size, with its provenance written into it."""

    name: ClassVar[str] = "focus"
    title: ClassVar[str] = "Focus picture"
    suffix: ClassVar[str] = ".png"
    mime: ClassVar[str] = "image/png"
    by_default: ClassVar[bool] = True

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        pixels = source.blurred(source.focus())
        return png_with_provenance(pixels, focus_provenance(source))
