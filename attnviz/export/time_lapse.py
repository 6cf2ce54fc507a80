"""The time-lapse: one layer's maps of a picture over training time, as an animation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from attnviz.export.animation import captioned, gif, mp4
from attnviz.pictures.geometry import PictureGeometry
from attnviz.progress import Progress, report_progress
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusSettings, focus_map
from attnviz.render.heat import heat_overlay
from attnviz.types import FloatArray, Pixels

_SIDE = 400
_RATE = 4


@dataclass(frozen=True, eq=False)
class TimeLapse:
    """One layer's maps at all checkpoints of a run, and how they are drawn.

    Attributes
    ----------
    pixels : uint8 [H, W, 3]
        The picture, sRGB.
    geometry : PictureGeometry
        Which part of it the maps cover.
    maps : sequence of float32 [h, w]
        One for each checkpoint.
    captions : sequence of str
        The line of text below each frame.
    value_range : (float, float)
        Ends of the one scale that all frames share.
    settings : FocusSettings
        How a map becomes a focus.
    radius : float
        Largest circle of confusion, as a share of the frame's diagonal.
    """

    pixels: Pixels
    geometry: PictureGeometry
    maps: Sequence[FloatArray]
    captions: Sequence[str]
    value_range: tuple[float, float]
    settings: FocusSettings
    radius: float

    def frames(self, progress: Progress | None = None) -> list[Pixels]:
        """Draw a frame for each checkpoint: focus picture and heat map side by side.

        Parameters
        ----------
        progress : Progress, optional
            Called after each frame; what it raises stops the work.

        Returns
        -------
        list of uint8 [h + 26, 2 w, 3]
            At most 400 px high and wide on each side, with the caption below.
        """
        pixels = _reduced(self.pixels)
        geometry = self.geometry.resized(pixels.shape[:2])
        radius = self.radius * math.hypot(*pixels.shape[:2])
        frames = []
        for number, (values, caption) in enumerate(zip(self.maps, self.captions, strict=True), 1):
            focus = focus_map(values, geometry, self.settings, value_range=self.value_range)
            sharp = bokeh(pixels, focus.values, radius)
            frames.append(
                captioned(np.hstack([sharp, heat_overlay(pixels, focus.scaled)]), caption)
            )
            report_progress(progress, number, len(self.maps))
        return frames

    def gif(self, progress: Progress | None = None) -> bytes:
        """Encode the frames as a GIF, four a second."""
        return gif(self.frames(progress), 1 / _RATE)

    def mp4(self, progress: Progress | None = None) -> bytes:
        """Encode the frames as an H.264 video, four a second; the last one stays for a second."""
        frames = self.frames(progress)
        return mp4([*frames, *[frames[-1]] * _RATE], _RATE)


def _reduced(pixels: Pixels) -> Pixels:
    """At most 400 px high and wide."""
    share = min(1.0, _SIDE / max(pixels.shape[:2]))
    size = (round(pixels.shape[1] * share), round(pixels.shape[0] * share))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
