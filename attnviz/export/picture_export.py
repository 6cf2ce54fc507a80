"""What exports of one picture share: what is drawn is one thing, the format another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import Export, ExportSource
from attnviz.export.png import png_with_provenance
from attnviz.export.provenance import layer_provenance
from attnviz.export.webp import webp_with_provenance
from attnviz.types import Pixels


@dataclass(frozen=True)
class PictureExport(Export[ExportSource]):
    """A picture of one layer at the photo's own size, in the format that `encode` writes."""

    @abstractmethod
    def pixels(self, source: ExportSource) -> Pixels:
        """Draw the picture, uint8 [H, W, 3]."""

    def provenance(self, source: ExportSource) -> Mapping[str, str]:
        """What is written into the file."""
        return layer_provenance(source)

    @abstractmethod
    def encode(self, pixels: Pixels, provenance: Mapping[str, str]) -> bytes:
        """The file's bytes."""

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        return self.encode(self.pixels(source), self.provenance(source))


@dataclass(frozen=True)
class PicturePng(PictureExport):
    """A picture as PNG."""

    suffix: ClassVar[str] = ".png"
    mime: ClassVar[str] = "image/png"

    def encode(self, pixels: Pixels, provenance: Mapping[str, str]) -> bytes:
        """See `PictureExport`."""
        return png_with_provenance(pixels, provenance)


@dataclass(frozen=True)
class PictureWebp(PictureExport):
    """A picture as WebP."""

    suffix: ClassVar[str] = ".webp"
    mime: ClassVar[str] = "image/webp"

    def encode(self, pixels: Pixels, provenance: Mapping[str, str]) -> bytes:
        """See `PictureExport`."""
        return webp_with_provenance(pixels, provenance)
