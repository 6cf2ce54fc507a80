"""The components of patches' features as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export
from attnviz.export.feature_files import PaintedFeatures, components_png


@EXPORTS.add
@dataclass(frozen=True)
class ComponentsPicture(Export[PaintedFeatures]):
    """PNG at the picture's own size: the first three components as red, green and blue."""

    name: ClassVar[str] = "components"
    title: ClassVar[str] = "Components as a picture"
    suffix: ClassVar[str] = ".png"
    mime: ClassVar[str] = "image/png"
    made_of: ClassVar[tuple[type, ...]] = (PaintedFeatures,)

    def write(self, source: PaintedFeatures) -> bytes:
        """See `Export`."""
        return components_png(source.colours, source.geometry, source.provenance)
