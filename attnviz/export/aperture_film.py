"""The focus picture of one layer while the aperture opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from attnviz.export.animation import captioned
from attnviz.export.base import ExportSource
from attnviz.export.film import SIDE, Film
from attnviz.export.film_export import FilmExport
from attnviz.export.provenance import focus_provenance
from attnviz.progress import Progress, report_progress
from attnviz.types import Pixels

_STEPS = 13
_WIDEST = 2.0
_LARGEST_RADIUS = 1000.0


@dataclass(frozen=True, eq=False, kw_only=True)
class ApertureFilm(Film):
    """A layer's focus picture at apertures from closed to twice as wide as shown.

    Attributes
    ----------
    source : ExportSource
        Photo, maps, and how they are shown.
    """

    source: ExportSource
    rate: int = 8

    def frames(self, progress: Progress | None = None) -> Sequence[Pixels]:
        """See `Film`; 13 frames whose radius grows evenly, written below each."""
        small = self.source.resized(self.source.picture.reduced(SIDE))
        focus = small.focus()
        shrunk = small.radius / self.source.radius if self.source.radius else 1.0
        widest = min(_WIDEST * self.source.radius, _LARGEST_RADIUS)
        frames = []
        for number, radius in enumerate(np.linspace(0, widest, _STEPS), 1):
            pixels = replace(small, radius=float(radius) * shrunk).blurred(focus)
            frames.append(captioned(pixels, f"{self.source.layer}, radius {radius:.0f} px"))
            report_progress(progress, number, _STEPS)
        return frames


@dataclass(frozen=True)
class ApertureExport(FilmExport):
    """The film of the aperture, in one of the formats of films."""

    stem: ClassVar[str] = "aperture"
    made_of: ClassVar[tuple[type, ...]] = (ExportSource,)
    per_layer: ClassVar[bool] = True

    def film(self, source: ExportSource | Film) -> Film:
        """See `FilmExport`."""
        if isinstance(source, Film):
            return source
        return ApertureFilm(source=source, provenance=focus_provenance(source))
