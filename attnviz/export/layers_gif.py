"""A film of all maps as GIF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS
from attnviz.export.film_export import FilmGif


@EXPORTS.add
@dataclass(frozen=True)
class LayersGif(FilmGif):
    """Focus picture and map side by side, one map after another."""

    name: ClassVar[str] = "gif"
    title: ClassVar[str] = "All maps, GIF"
