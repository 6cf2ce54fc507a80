"""The foveated picture as PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export
from attnviz.export.foveated_picture import FoveatedPicture
from attnviz.export.png import png_with_provenance


@EXPORTS.add
@dataclass(frozen=True)
class FoveatedPng(Export[FoveatedPicture]):
    """PNG at the photo's own size, with viewing distance and fixations in its metadata."""

    name: ClassVar[str] = "eye"
    title: ClassVar[str] = "This view"
    suffix: ClassVar[str] = ".png"
    mime: ClassVar[str] = "image/png"
    made_of: ClassVar[tuple[type, ...]] = (FoveatedPicture,)

    def write(self, source: FoveatedPicture) -> bytes:
        """See `Export`."""
        return png_with_provenance(source.pixels(), source.provenance())
