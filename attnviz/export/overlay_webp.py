"""The map over the photo as WebP, a fraction of the size of a PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS
from attnviz.export.overlay_picture import OverlayPicture
from attnviz.export.picture_export import PictureWebp


@EXPORTS.add
@dataclass(frozen=True)
class OverlayWebp(PictureWebp, OverlayPicture):
    """WebP at the picture's own size: smaller than PNG, with colours as exact as in a JPEG."""

    name: ClassVar[str] = "overlay-webp"
    title: ClassVar[str] = "Map over the photo, WebP"
    stem: ClassVar[str] = "overlay"
    by_default: ClassVar[bool] = False
