"""Maps that can lead a gaze, and the scanpath of each: the model's own, and saliency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from attnviz.analysis.explanation import Explanation
from attnviz.errors import VisionError
from attnviz.render.focus import focus_map
from attnviz.render.heat import heat_overlay
from attnviz.types import FloatArray, Pixels
from attnviz.vision.itti_koch import itti_koch
from attnviz.vision.scanpath import Fixation, scanpath
from attnviz.vision.spectral_residual import spectral_residual

MAX_STOPS = 12
GRID = 160  # cells on a map's longer side: a stop is placed between them
_OVERLAY = 300


@dataclass(frozen=True, eq=False)
class GazePath:
    """A map's scanpath.

    title: what the map is; note: who says so. overlay: uint8 [h, w, 3], the map over the photo.
    stops: places in 0..1 of the picture's height and width, best first. refused: why there are
    none; then there are none.
    """

    title: str
    note: str
    overlay: Pixels
    stops: tuple[Fixation, ...]
    refused: str = ""


def gaze_path(title: str, note: str, values: FloatArray, pixels: Pixels) -> GazePath:
    """The scanpath on a map, float32 [h, w] over the whole of `pixels`, uint8 [H, W, 3]."""
    small = _reduced(values, GRID)
    rows, columns = small.shape
    overlay = _overlay(values, pixels)
    try:
        found = scanpath(small, MAX_STOPS)
    except VisionError as error:
        return GazePath(title, "no scanpath", overlay, (), f"{title}: {error}")
    stops = tuple(one._replace(y=one.y / rows, x=one.x / columns) for one in found)
    return GazePath(title, note, overlay, stops)


def saliency_gaze_paths(pixels: Pixels) -> tuple[GazePath, ...]:
    """Of the two models of bottom-up saliency, which need no training."""
    found: tuple[tuple[str, str, Callable[[Pixels], FloatArray]], ...] = (
        ("Itti-Koch saliency", "contrast of colour, light, orientation", itti_koch),
        ("Spectral residual", "what is unusual in the spectrum", spectral_residual),
    )
    return tuple(gaze_path(title, note, make(pixels), pixels) for title, note, make in found)


def model_gaze_path(title: str, explanation: Explanation) -> GazePath:
    """Of the layer that answers best; a map that is flat leads nowhere."""
    layer = explanation.best_layer
    pixels = explanation.picture.pixels
    height, width = pixels.shape[:2]
    share = min(1.0, GRID / max(height, width))
    size = (max(1, round(height * share)), max(1, round(width * share)))
    focus = focus_map(explanation.map_of(layer), explanation.geometry.resized(size), layer=layer)
    note = f"{explanation.choice.method.title}, {layer}"
    return gaze_path(title, note, focus.scaled, pixels)


def _reduced(values: FloatArray, longest: int) -> FloatArray:
    share = longest / max(values.shape)
    if share >= 1:
        return values
    rows, columns = (max(1, round(side * share)) for side in values.shape)
    return np.asarray(cv2.resize(values, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _overlay(values: FloatArray, pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    share = min(1.0, _OVERLAY / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / (high - low) if high > low else np.zeros_like(values)
    scaled = np.clip(cv2.resize(scaled, size, interpolation=cv2.INTER_LINEAR), 0, 1)
    return heat_overlay(small, np.asarray(scaled, np.float32))
