"""The focus picture as WebP, a fraction of the size of a PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS
from attnviz.export.focus_picture import FocusPicture
from attnviz.export.picture_export import PictureWebp


@EXPORTS.add
@dataclass(frozen=True)
class FocusWebp(PictureWebp, FocusPicture):
    """WebP at the picture's own size: smaller than PNG, with colours as exact as in a JPEG."""

    name: ClassVar[str] = "focus-webp"
    title: ClassVar[str] = "Focus picture, WebP"
    stem: ClassVar[str] = "focus"
    by_default: ClassVar[bool] = False
