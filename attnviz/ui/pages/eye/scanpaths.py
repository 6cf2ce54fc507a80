"""Scanpaths on the model's maps and on maps of bottom-up saliency."""

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

MAX_FIXATIONS = 12
GRID = 160  # cells on a map's longer side; fixations lie between cells
_OVERLAY = 300  # px on the longer side


@dataclass(frozen=True, eq=False)
class GazePath:
    """The scanpath on a map.

    Parameters
    ----------
    title : str
        Name of the map.
    note : str
        Method and layer, or the features that the map is computed from.
    overlay : uint8 [h, w, 3]
        The map over the photo.
    fixations : tuple of Fixation
        In 0..1 of the picture's height and width, in order.
    refused : str
        Why the map has no scanpath; empty if it has one.
    """

    title: str
    note: str
    overlay: Pixels
    fixations: tuple[Fixation, ...]
    refused: str = ""


def gaze_path(title: str, note: str, values: FloatArray, pixels: Pixels) -> GazePath:
    """Simulate the scanpath on a map.

    Parameters
    ----------
    title, note : str
        As in `GazePath`.
    values : float32 [h, w]
        The map, over the whole picture.
    pixels : uint8 [H, W, 3]
        The picture.

    Returns
    -------
    GazePath
        Without fixations if the map is flat.
    """
    small = _reduced(values, GRID)
    rows, columns = small.shape
    overlay = _overlay(values, pixels)
    try:
        cells = scanpath(small, MAX_FIXATIONS)
    except VisionError as error:
        return GazePath(title, "no scanpath", overlay, (), f"{title}: {error}")
    fixations = tuple(cell._replace(y=cell.y / rows, x=cell.x / columns) for cell in cells)
    return GazePath(title, note, overlay, fixations)


def saliency_gaze_paths(pixels: Pixels) -> tuple[GazePath, ...]:
    """Simulate the scanpaths on two saliency maps that need no training.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture.

    Returns
    -------
    tuple of GazePath
        For Itti-Koch saliency and for the spectral residual.
    """
    models: tuple[tuple[str, str, Callable[[Pixels], FloatArray]], ...] = (
        ("Itti-Koch saliency", "contrast of colour, light, orientation", itti_koch),
        ("Spectral residual", "what is unusual in the spectrum", spectral_residual),
    )
    return tuple(gaze_path(title, note, make(pixels), pixels) for title, note, make in models)


def model_gaze_path(title: str, explanation: Explanation) -> GazePath:
    """Simulate the scanpath on the map of an explanation's best layer.

    Parameters
    ----------
    title : str
        Name of the map.
    explanation : Explanation
        Gives the map; its method and layer become the note.

    Returns
    -------
    GazePath
        Without fixations if the map is flat.
    """
    layer = explanation.best_layer
    pixels = explanation.picture.pixels
    geometry = explanation.geometry.reduced(GRID)
    focus = focus_map(explanation.map_of(layer), geometry, layer=layer)
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
