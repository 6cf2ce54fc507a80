"""What exports of films share: what is shown is one thing, the format another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.animation import animated_webp, gif, mp4
from attnviz.export.base import Export, ExportSource, Group
from attnviz.export.film import Film
from attnviz.export.map_series import map_series
from attnviz.progress import Progress
from attnviz.types import Pixels


@dataclass(frozen=True)
class FilmExport(Export[ExportSource | Film]):
    """A film, or the maps of all layers as one, in the format that `encode` writes."""

    stem: ClassVar[str] = "layers"
    group: ClassVar[Group] = Group.MOVING
    made_of: ClassVar[tuple[type, ...]] = (ExportSource, Film)
    per_layer: ClassVar[bool] = False

    def film(self, source: ExportSource | Film) -> Film:
        """The film that is written."""
        return source if isinstance(source, Film) else map_series(source)

    @abstractmethod
    def encode(self, frames: Sequence[Pixels], rate: int, provenance: Mapping[str, str]) -> bytes:
        """The file's bytes."""

    def write(self, source: ExportSource | Film, progress: Progress | None = None) -> bytes:
        """See `Export`; what `progress` raises stops the work."""
        film = self.film(source)
        return self.encode(film.frames(progress), film.rate, film.provenance)


@dataclass(frozen=True)
class FilmGif(FilmExport):
    """A film as GIF."""

    suffix: ClassVar[str] = ".gif"
    mime: ClassVar[str] = "image/gif"

    def encode(self, frames: Sequence[Pixels], rate: int, provenance: Mapping[str, str]) -> bytes:
        """See `FilmExport`."""
        return gif(frames, 1 / rate, provenance=provenance)


@dataclass(frozen=True)
class FilmMp4(FilmExport):
    """A film as MP4, whose last picture stays for a second."""

    suffix: ClassVar[str] = ".mp4"
    mime: ClassVar[str] = "video/mp4"

    def encode(self, frames: Sequence[Pixels], rate: int, provenance: Mapping[str, str]) -> bytes:
        """See `FilmExport`."""
        return mp4([*frames, *[frames[-1]] * rate], rate, provenance=provenance)


@dataclass(frozen=True)
class FilmWebp(FilmExport):
    """A film as animated WebP."""

    suffix: ClassVar[str] = ".webp"
    mime: ClassVar[str] = "image/webp"

    def encode(self, frames: Sequence[Pixels], rate: int, provenance: Mapping[str, str]) -> bytes:
        """See `FilmExport`."""
        return animated_webp(frames, 1 / rate, provenance=provenance)
