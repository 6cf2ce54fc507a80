"""The aperture that opens, as MP4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.aperture_film import ApertureExport
from attnviz.export.base import EXPORTS
from attnviz.export.film_export import FilmMp4


@EXPORTS.add
@dataclass(frozen=True)
class ApertureMp4(ApertureExport, FilmMp4):
    """The focus picture while the aperture opens, from all sharp to twice the blur shown."""

    name: ClassVar[str] = "aperture-mp4"
    title: ClassVar[str] = "Aperture, MP4"
