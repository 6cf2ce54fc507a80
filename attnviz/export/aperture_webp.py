"""The aperture that opens, as animated WebP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.aperture_film import ApertureExport
from attnviz.export.base import EXPORTS
from attnviz.export.film_export import FilmWebp


@EXPORTS.add
@dataclass(frozen=True)
class ApertureWebp(ApertureExport, FilmWebp):
    """The focus picture while the aperture opens, from all sharp to twice the blur shown."""

    name: ClassVar[str] = "aperture-webp"
    title: ClassVar[str] = "Aperture, animated WebP"
