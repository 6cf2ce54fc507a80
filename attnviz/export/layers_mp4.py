"""A film of all maps as MP4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS
from attnviz.export.film_export import FilmMp4


@EXPORTS.add
@dataclass(frozen=True)
class LayersMp4(FilmMp4):
    """Focus picture and map side by side, one map after another."""

    name: ClassVar[str] = "mp4"
    title: ClassVar[str] = "All maps, MP4"
