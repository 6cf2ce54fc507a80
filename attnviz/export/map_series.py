"""Maps of one picture that follow each other: over layers, heads, objects, or training time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from attnviz.export.animation import captioned
from attnviz.export.base import ExportSource
from attnviz.export.film import SIDE, Film
from attnviz.export.provenance import focus_provenance
from attnviz.pictures.geometry import PictureGeometry
from attnviz.progress import Progress, report_progress
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import Edges, FocusMap, FocusSettings, Scale, focus_map
from attnviz.render.heat import heat_overlay
from attnviz.types import FloatArray, Pixels


@dataclass(frozen=True, eq=False)
class MapSeries(Film):
    """Maps of one picture, and how they are drawn.

    Attributes
    ----------
    pixels : uint8 [H, W, 3]
        The picture, sRGB.
    geometry : PictureGeometry
        Which part of it the maps cover.
    maps : sequence of float32 [h, w]
        At least one.
    captions : sequence of str
        The line of text below each frame.
    value_range : (float, float), optional
        Ends of the one scale that all frames share; for `Scale.ALL_LAYERS` only.
    settings : FocusSettings
        How a map becomes a focus.
    radius : float
        Largest circle of confusion, as a share of the frame's diagonal.
    """

    pixels: Pixels
    geometry: PictureGeometry
    maps: Sequence[FloatArray]
    captions: Sequence[str]
    value_range: tuple[float, float] | None
    settings: FocusSettings
    radius: float

    def focuses(self, pixels: Pixels) -> Iterator[FocusMap]:
        """Compute the focus of each map, for a copy of the picture of any size."""
        geometry = self.geometry.resized((pixels.shape[0], pixels.shape[1]))
        outlined = pixels if self.settings.edges is Edges.OBJECT else None
        for values in self.maps:
            yield focus_map(
                values, geometry, self.settings, value_range=self.value_range, pixels=outlined
            )

    def frames(self, progress: Progress | None = None) -> list[Pixels]:
        """Draw a frame for each map: focus picture and heat map side by side.

        Parameters
        ----------
        progress : Progress, optional
            Called after each frame; what it raises stops the work.

        Returns
        -------
        list of uint8 [h + 26, 2 w, 3]
            At most 400 px high and wide on each side, with the caption below.
        """
        pixels = self.small(SIDE)
        radius = self.radius * math.hypot(*pixels.shape[:2])
        frames = []
        drawn = zip(self.focuses(pixels), self.captions, strict=True)
        for number, (focus, caption) in enumerate(drawn, 1):
            sharp = bokeh(pixels, focus.values, radius)
            frames.append(
                captioned(np.hstack([sharp, heat_overlay(pixels, focus.scaled)]), caption)
            )
            report_progress(progress, number, len(self.maps))
        return frames

    def thinned(self, most: int) -> MapSeries:
        """Return at most that many of the maps, evenly spaced from the first to the last."""
        if len(self.maps) <= most:
            return self
        chosen = np.linspace(0, len(self.maps) - 1, most).round().astype(int)
        maps, captions = zip(*((self.maps[at], self.captions[at]) for at in chosen), strict=True)
        return replace(self, maps=maps, captions=captions)

    def small(self, longest: int) -> Pixels:
        """Return the picture at most `longest` px high and wide."""
        height, width = self.pixels.shape[:2]
        share = min(1.0, longest / max(height, width))
        size = max(1, round(height * share)), max(1, round(width * share))
        if size == (height, width):
            return self.pixels
        shrunk = cv2.resize(self.pixels, size[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(shrunk, np.uint8)


def map_series(source: ExportSource) -> MapSeries:
    """Return the maps of all layers in forward order, as they are shown.

    Parameters
    ----------
    source : ExportSource
        Photo, maps, and how they are shown.

    Returns
    -------
    MapSeries
        One map for each layer, on the scale that the source has.
    """
    explanation = source.explanation
    settings = source.settings
    pixels = source.picture.pixels
    return MapSeries(
        pixels,
        explanation.geometry.resized((pixels.shape[0], pixels.shape[1])),
        explanation.maps,
        explanation.layers,
        explanation.value_range if settings.scale is Scale.ALL_LAYERS else None,
        settings,
        source.radius / math.hypot(*pixels.shape[:2]),
        provenance=focus_provenance(source),
    )
