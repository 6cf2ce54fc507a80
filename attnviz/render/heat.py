"""Maps as colours: heat maps over a photo, and legends with absolute values.

Only perceptually uniform colour maps are offered: a rainbow shows edges that the map does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import matplotlib
import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError, UnknownNameError
from attnviz.types import FloatArray, Pixels

COLOUR_MAPS = ("viridis", "magma", "inferno", "plasma", "cividis")
# Diverging, with a neutral middle: blue is evidence against, red for.
SIGNED_COLOUR_MAPS = ("RdBu_r", "PuOr_r", "coolwarm")
# Share of the heat's brightness over black; the rest follows the photo's brightness.
_LEAST_SHADE = 0.35
_TICKS = 5


@dataclass(frozen=True)
class ColourBar:
    """A legend of a colour map.

    Attributes
    ----------
    picture
        uint8 [height, width, 3]; the largest value is at the top (row 0).
    ticks
        (row, value, label) each; values are absolute, in the unit of the map.
    """

    picture: Pixels
    ticks: tuple[tuple[float, float, str], ...]


@lru_cache(maxsize=16)
def colour_table(name: str) -> Pixels:
    """Colours of a colour map, uint8 [256, 3] sRGB, read-only; raises UnknownNameError."""
    known = (*COLOUR_MAPS, *SIGNED_COLOUR_MAPS)
    if name not in known:
        raise UnknownNameError("colour map", name, known)
    colours = matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]
    table = np.array(colours, dtype=np.uint8)
    table.flags.writeable = False
    return table


def colour_map(values: npt.ArrayLike, name: str = "viridis") -> Pixels:
    """Colour a map in 0..1.

    Parameters
    ----------
    values
        float [H, W] in 0..1.
    name
        One of `COLOUR_MAPS`.

    Returns
    -------
    Pixels
        uint8 [H, W, 3], sRGB.

    Raises
    ------
    FocusError
        The map is not two-dimensional, is empty, or leaves 0..1 (NaN included).
    UnknownNameError
        There is no such colour map, or it is a signed one.
    """
    if name not in COLOUR_MAPS:
        raise UnknownNameError("colour map", name, COLOUR_MAPS)
    return _apply_table(_checked(values, 0.0), name)


def signed_colour_map(values: npt.ArrayLike, name: str = "RdBu_r") -> Pixels:
    """Colour a map with evidence for (positive) and against (negative) a class.

    Parameters
    ----------
    values
        float [H, W] in -1..1; 0 takes the neutral middle of the table.
    name
        One of `SIGNED_COLOUR_MAPS`.

    Returns
    -------
    Pixels
        uint8 [H, W, 3], sRGB.

    Raises
    ------
    FocusError
        The map is not two-dimensional, is empty, or leaves -1..1 (NaN included).
    UnknownNameError
        There is no such signed colour map.
    """
    if name not in SIGNED_COLOUR_MAPS:
        raise UnknownNameError("signed colour map", name, SIGNED_COLOUR_MAPS)
    return _apply_table(np.float32(0.5) * (_checked(values, -1.0) + np.float32(1)), name)


def heat_overlay(
    pixels: Pixels, values: npt.ArrayLike, opacity: float = 0.6, name: str = "inferno"
) -> Pixels:
    """Draw a map as heat over its photo.

    The heat is shaded by the photo's brightness, so that objects stay recognisable, and the photo's
    own colours fade by the same opacity.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3], sRGB.
    values
        float [H, W] in 0..1; in -1..1 with a signed colour map.
    opacity
        0 gives the photo, 1 nothing but shaded heat.
    name
        One of `COLOUR_MAPS` or `SIGNED_COLOUR_MAPS`.

    Returns
    -------
    Pixels
        uint8 [H, W, 3], sRGB.

    Raises
    ------
    FocusError
        Sizes differ, or values or opacity are out of range.
    UnknownNameError
        There is no such colour map.
    """
    signed = name in SIGNED_COLOUR_MAPS
    heat = signed_colour_map(values, name) if signed else colour_map(values, name)
    if heat.shape != pixels.shape or pixels.dtype != np.uint8:
        raise FocusError(f"A map of {heat.shape[:2]} does not fit a picture of {pixels.shape}.")
    if not 0.0 <= opacity <= 1.0:
        raise FocusError(f"Opacity must lie in 0..1, but it is {opacity}.")
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    shade = _LEAST_SHADE + (1 - _LEAST_SHADE) / 255 * grey
    result = pixels * np.float32(1 - opacity)
    result += heat * (shade * np.float32(opacity))[..., None]
    return np.asarray(np.rint(result), dtype=np.uint8)


def colour_bar(
    low: float, high: float, name: str = "viridis", height: int = 256, width: int = 24
) -> ColourBar:
    """Draw the legend of a map whose colours run from the absolute value `low` to `high`.

    Parameters
    ----------
    low
        Value of the lowest colour.
    high
        Value of the highest; equal to `low` for a flat map, which gets one tick.
    name
        One of `COLOUR_MAPS` or `SIGNED_COLOUR_MAPS`.
    height
        Height of the picture in px, 2 or more.
    width
        Width of the picture in px, 1 or more.

    Raises
    ------
    FocusError
        `low` is above `high`, one is not finite, or the size is too small.
    UnknownNameError
        There is no such colour map.
    """
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise FocusError(f"A colour bar must run upwards, but it runs from {low} to {high}.")
    if height < 2 or width < 1:
        raise FocusError(f"A colour bar of {height} x {width} px is too small.")
    rows = np.linspace(255, 0, height)
    column = colour_table(name)[np.rint(rows).astype(np.intp)]
    picture = np.repeat(column[:, None, :], width, axis=1)
    count = _TICKS if high > low else 1
    values = np.linspace(high, low, count)
    positions = np.linspace(0, height - 1, count)
    ticks = tuple((float(r), float(v), f"{v:.3g}") for r, v in zip(positions, values, strict=True))
    return ColourBar(picture, ticks)


def _apply_table(share: FloatArray, name: str) -> Pixels:
    index = np.rint(share * 255).astype(np.uint8)
    return np.asarray(colour_table(name)[index], dtype=np.uint8)


def _checked(values: npt.ArrayLike, least: float) -> FloatArray:
    array = np.asarray(values, dtype=np.float32)
    if array.ndim != 2 or array.size == 0:
        raise FocusError(f"A map must have the shape [H, W], but this one has {array.shape}.")
    low, high = float(array.min()), float(array.max())
    if not (low >= least and high <= 1.0):
        raise FocusError(f"A map must lie in {least:g}..1, but it runs from {low} to {high}.")
    return array
