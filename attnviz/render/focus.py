"""From one map on a network's grid to the focus at the picture's size.

What is sharp is a display option: the map is scaled to 0..1, and a smooth threshold is applied.
`Scale` says by which values it is scaled. Stretching a layer by its own extremes always finds a
maximum, in noise as well, so a flat map is detected and never stretched, and `FocusMap` has the
absolute values of its 0 and 1, for the legend. `Edges` says how the focus treats outlines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.pictures.geometry import PictureGeometry, checked_map
from attnviz.pictures.png import png
from attnviz.render.object_matte import object_matte
from attnviz.types import FloatArray, Pixels

_Name = TypeVar("_Name", bound=StrEnum)

# A map whose values differ by less than this share of the largest has no focus.
FLAT_SPREAD = 0.02
# Focus of an unscaled flat map, everywhere: neither sharp nor fully blurred.
FLAT_FOCUS = 0.5


class Scale(StrEnum):
    """Which absolute values become 0 and 1.

    `ABSOLUTE` takes the values as they are, for maps that are already shares between 0 and 1.
    `LAYER` stretches each layer between its own smallest and largest value; layers cannot be
    compared. `ALL_LAYERS` uses the smallest and largest value of all layers; they can be compared.
    """

    ABSOLUTE = "absolute"
    LAYER = "layer"
    ALL_LAYERS = "all-layers"


class Edges(StrEnum):
    """How the focus treats edges of the picture.

    `FIELD` is the attention itself: soft, on the network's coarse grid, without outlines. `OBJECT`
    snaps it to the picture's edges (`attnviz.render.object_matte`): a guess from colours at which
    object was meant, which the network itself did not outline.
    """

    FIELD = "field"
    OBJECT = "object"


@dataclass(frozen=True)
class FocusSettings:
    """How a map becomes a focus.

    Attributes
    ----------
    threshold
        0..1, the scaled value that is half sharp.
    softness
        Above 0, up to 1: width of the transition around the threshold.
    scale
        A `Scale`, or its name.
    edges
        `Edges`, or its name.

    Raises
    ------
    FocusError
        A value is out of range or unknown.
    """

    threshold: float = 0.25
    softness: float = 0.5
    scale: Scale = Scale.LAYER
    edges: Edges = Edges.FIELD

    def __post_init__(self) -> None:
        if not 0.0 <= self.threshold <= 1.0:
            raise FocusError(f"The threshold must lie in 0..1, but it is {self.threshold}.")
        if not 0.0 < self.softness <= 1.0:
            raise FocusError(f"The softness must lie above 0, up to 1, not {self.softness}.")
        object.__setattr__(self, "scale", _known(Scale, self.scale, "scale"))
        object.__setattr__(self, "edges", _known(Edges, self.edges, "mode for edges"))


@dataclass(frozen=True, eq=False)
class FocusMap:
    """The focus at the picture's size, and what it stands for.

    Attributes
    ----------
    values
        float32 [H, W] in 0..1, read-only; 1 is sharp.
    scaled
        float32 [H, W] in 0..1, read-only: the map on its scale before threshold, softness and
        edges, for colours.
    low, high
        Absolute values of the map that were scaled to 0 and 1.
    flat
        Whether the map hardly varies; the focus is then uniform.
    scale
        How `low` and `high` were chosen.
    layer
        Name of the map's layer.
    """

    values: FloatArray
    scaled: FloatArray
    low: float
    high: float
    flat: bool
    scale: Scale
    layer: str = ""

    def __post_init__(self) -> None:
        self.values.flags.writeable = False
        self.scaled.flags.writeable = False

    def __repr__(self) -> str:
        """Say of which layer it is, and how much is sharp, in a line."""
        height, width = self.values.shape
        ends = "flat" if self.flat else f"{self.low:.3g} to {self.high:.3g}"
        sharp = f"{self.values.mean():.0%} sharp"
        return f"<FocusMap of {self.layer!r}, {height} x {width}: {ends}, {sharp}>"

    def _repr_png_(self) -> bytes:
        """Show the focus in a notebook: white is sharp."""
        return png(np.rint(self.values * 255).astype(np.uint8))

    def resized(self, size: tuple[int, int]) -> FocusMap:
        """The same focus for a copy of the picture of another size (height, width)."""
        if self.values.shape == size:
            return self
        values, scaled = (_resized(plane, size) for plane in (self.values, self.scaled))
        return replace(self, values=values, scaled=scaled)


def focus_map(
    grid: npt.ArrayLike,
    geometry: PictureGeometry,
    settings: FocusSettings | None = None,
    *,
    value_range: tuple[float, float] | None = None,
    layer: str = "",
    pixels: Pixels | None = None,
) -> FocusMap:
    """Compute the focus at the picture's size from a map on the network's grid.

    Parameters
    ----------
    grid
        float [h, w], absolute values on the layer's own grid. Negative values are evidence against,
        and count as 0.
    geometry
        How the network's input was taken from the picture. What the network did not see is out of
        focus.
    settings
        Threshold, softness, scale, edges; the defaults if None.
    value_range
        Smallest and largest value over all layers; for `Scale.ALL_LAYERS` only.
    layer
        Name of the map's layer.
    pixels
        uint8 [H, W, 3], the picture; for `Edges.OBJECT` only.

    Returns
    -------
    FocusMap
        A flat map gives a uniform focus: its mean on a fixed scale, 0.5 on its own.

    Raises
    ------
    FocusError
        The map is not a finite [h, w], or value range or picture are missing or do not fit.
    """
    settings = settings or FocusSettings()
    values = np.maximum(checked_map(grid), 0.0)
    flat = is_flat(values)
    low, high = _range(values, settings.scale, value_range)
    if flat:
        share, even = FLAT_FOCUS, FLAT_FOCUS
        if settings.scale is not Scale.LAYER and high > low:
            share = min(max((float(values.mean()) - low) / (high - low), 0.0), 1.0)
            even = float(_thresholded(np.asarray(share, dtype=np.float32), settings))
        focus, scaled = (np.full(geometry.picture_size, v, np.float32) for v in (even, share))
        return FocusMap(focus, scaled, low, high, True, settings.scale, layer)
    if high <= low:
        raise FocusError(f"The value range {low:g}..{high:g} cannot hold a map that varies.")
    stretched = np.asarray((values - low) / (high - low), dtype=np.float32)
    scaled = np.clip(geometry.spread(stretched, outside=0.0), 0.0, 1.0)
    field = scaled
    if settings.edges is Edges.OBJECT:
        field = _snapped(scaled, geometry, pixels)
    focus = _thresholded(field, settings)
    return FocusMap(focus, scaled, low, high, False, settings.scale, layer)


def is_flat(values: npt.ArrayLike) -> bool:
    """Whether the values of a map differ by less than 2 % of its largest magnitude.

    Parameters
    ----------
    values
        float [h, w].
    """
    array = checked_map(values)
    largest = float(np.abs(array).max())
    spread = float(array.max()) - float(array.min())
    return largest == 0.0 or spread / largest < FLAT_SPREAD


def sharp_share(focus: FocusMap | npt.ArrayLike) -> float:
    """Share of the picture, 0..1, with a focus above 0.5.

    Parameters
    ----------
    focus
        A `FocusMap`, or float [H, W].
    """
    values = focus.values if isinstance(focus, FocusMap) else np.asarray(focus)
    return float(np.mean(values > 0.5))


def _range(
    values: FloatArray, scale: Scale, value_range: tuple[float, float] | None
) -> tuple[float, float]:
    if scale is Scale.ABSOLUTE:
        return 0.0, 1.0
    if scale is Scale.LAYER:
        return float(values.min()), float(values.max())
    if value_range is None:
        raise FocusError("The scale of all layers needs the value range over all layers.")
    low, high = (max(0.0, float(end)) for end in value_range)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise FocusError(f"The value range {value_range} does not run upwards.")
    return low, high


def _resized(plane: FloatArray, size: tuple[int, int]) -> FloatArray:
    shrinks = plane.shape[0] >= size[0] and plane.shape[1] >= size[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(plane, size[::-1], interpolation=method), dtype=np.float32)
    return np.clip(resized, 0.0, 1.0)


def _thresholded(scaled: FloatArray, settings: FocusSettings) -> FloatArray:
    start = settings.threshold - settings.softness / 2
    t = np.clip((scaled - np.float32(start)) / np.float32(settings.softness), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def _snapped(scaled: FloatArray, geometry: PictureGeometry, pixels: Pixels | None) -> FloatArray:
    """The scaled map snapped to the object's outline, between the map's own extremes.

    So a layer with weak attention on the scale of all layers stays weakly in focus.
    """
    if pixels is None:
        raise FocusError("A focus on the object needs the picture's pixels.")
    low, high = float(scaled.min()), float(scaled.max())
    snapped = low + np.float32(high - low) * object_matte(pixels, scaled)
    if geometry.box != (0.0, 0.0, *map(float, geometry.picture_size)):
        # An object may extend beyond what the network saw; its attention does not.
        visible = geometry.spread(np.ones((1, 1), dtype=np.float32), outside=0.0)
        snapped *= visible
    return np.asarray(snapped, dtype=np.float32)


def _known(kind: type[_Name], value: str, what: str) -> _Name:
    """`value` as a member of the enumeration."""
    if value not in tuple(kind):
        raise FocusError(f"There is no {what} {value!r}; known are {', '.join(kind)}.")
    return kind(value)
