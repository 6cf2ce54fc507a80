"""A film of all maps as animated WebP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS
from attnviz.export.film_export import FilmWebp


@EXPORTS.add
@dataclass(frozen=True)
class LayersWebp(FilmWebp):
    """Focus picture and map side by side, one map after another."""

    name: ClassVar[str] = "film-webp"
    title: ClassVar[str] = "All maps, animated WebP"
