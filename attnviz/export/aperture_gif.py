"""The aperture that opens, as GIF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.aperture_film import ApertureExport
from attnviz.export.base import EXPORTS
from attnviz.export.film_export import FilmGif


@EXPORTS.add
@dataclass(frozen=True)
class ApertureGif(ApertureExport, FilmGif):
    """The focus picture while the aperture opens, from all sharp to twice the blur shown."""

    name: ClassVar[str] = "aperture-gif"
    title: ClassVar[str] = "Aperture, GIF"
