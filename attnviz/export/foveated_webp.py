"""The foveated picture as WebP, a fraction of the size of a PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export
from attnviz.export.foveated_picture import FoveatedPicture
from attnviz.export.webp import webp_with_provenance


@EXPORTS.add
@dataclass(frozen=True)
class FoveatedWebp(Export[FoveatedPicture]):
    """WebP at the photo's own size: smaller than PNG, with colours as exact as in a JPEG."""

    name: ClassVar[str] = "eye-webp"
    title: ClassVar[str] = "This view, WebP"
    suffix: ClassVar[str] = ".webp"
    mime: ClassVar[str] = "image/webp"
    stem: ClassVar[str] = "eye"
    made_of: ClassVar[tuple[type, ...]] = (FoveatedPicture,)

    def write(self, source: FoveatedPicture) -> bytes:
        """See `Export`."""
        return webp_with_provenance(source.pixels(), source.provenance())
