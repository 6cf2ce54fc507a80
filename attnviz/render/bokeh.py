"""The focus stays sharp and the surround falls into bokeh, by how little the model attends to it.

Blur encodes attention here, not distance. The circle of confusion has the radius
`r(x) = radius * (1 - focus(x)) ** gamma`; every pixel shows the mean, in linear light, of what its
own disc covers (gather), interpolated between uniformly spaced discs. Three rules keep it free of
halos:

- a source weighs less in the blur of pixels that are blurrier than itself, and a sharp one nothing
  (`disc_blur.spread_weight`), so that no colour leaks from the focus into the surround;
- at a matte's edge a pixel is a mixture of two surfaces and is composited (`surfaces.find_edge`);
- there the front's colour is re-estimated from the focus next to it (`surfaces.front_colours`).

Level interpolation and own-radius gather follow the common practice of image-space depth of field
(Potmesil & Chakravarty 1981 for the circle of confusion; Wadhwa et al. 2018, doi
10.1145/3197517.3201329, for layers blurred separately); normalised convolution is due to
Knutsson & Westin 1993.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.render.aperture import aperture_named
from attnviz.render.disc_blur import Sources
from attnviz.render.disc_mix import Points, mix_discs, steps_for
from attnviz.render.lens import Lens
from attnviz.render.linear_light import decode, encode
from attnviz.render.surfaces import find_edge, front_colours, source_levels
from attnviz.types import FloatArray, Pixels

# Pixels processed at a time. At about 100 bytes each a band stays below 500 MB.
_BAND_PIXELS = 1 << 22
# Lights above this are assumed to be clipped; `highlights` restores their power.
_CLIPPED = 0.85
# Tolerance for masks that were smoothed in float32 and leave 0..1 a little.
_ROUNDING = 1e-5


def bokeh(
    pixels: Pixels,
    focus: npt.ArrayLike,
    radius: float = 24,
    *,
    gamma: float = 1.0,
    aperture: str = "disc",
    highlights: float = 0.0,
) -> Pixels:
    """Blur a picture where its focus is low: sharp at 1, blurred by up to `radius` px at 0.

    Memory beyond arguments and result is bounded by about 500 MB for pictures of any size.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3], sRGB.
    focus
        float [H, W] in 0..1. A slow change is an amount of blur; a change within a few pixels is
        the edge of an object (a matte).
    radius
        Largest circle of confusion, as a radius in pixels, 0..1000.
    gamma
        Exponent of 1 - focus, 0.1..10. Above 1, a low focus is already quite sharp.
    aperture
        "disc", "hexagon" or "octagon", all of the same area.
    highlights
        0..8; above 0, clipped lights in the surround are made up to (1 + highlights) times as
        strong before they are blurred. This invents light, so it is off by default.

    Returns
    -------
    Pixels
        uint8 [H, W, 3]. Pixels with a focus of exactly 1 keep their bytes.

    Raises
    ------
    FocusError
        Shapes, types, ranges or parameters do not fit; the message says which.
    UnknownNameError
        There is no such aperture.
    """
    lens = Lens(radius, gamma, aperture_named(aperture), highlights)
    values = _checked(pixels, focus)
    if radius == 0 or float(values.min()) == 1.0:
        return pixels.copy()
    height, width = values.shape
    result = np.empty_like(pixels, order="C")
    rows = _band_rows(width, lens)
    for start in range(0, height, rows):
        stop = min(height, start + rows)
        result[start:stop] = _band(pixels, values, lens, start, stop)
    focused = (values == 1.0).view(np.uint8)
    return np.asarray(cv2.copyTo(pixels, focused, result), dtype=np.uint8)


def _band_rows(width: int, lens: Lens) -> int:
    """Rows per band: a multiple of the coarsest pixel, and at least two margins."""
    rows = max(_BAND_PIXELS // width - 2 * lens.margin, 2 * lens.margin)
    return -(-rows // lens.coarsest) * lens.coarsest


def _band(pixels: Pixels, focus: FloatArray, lens: Lens, start: int, stop: int) -> Pixels:
    """Rows start..stop of the result, from those rows and a margin around them.

    Bands start at coarse pixel boundaries, so that they equal those of the undivided picture.
    """
    height, width = focus.shape
    first, last = max(0, start - lens.margin), min(height, stop + lens.margin)
    frame = (0, -(last - first) % lens.coarsest, 0, -width % lens.coarsest)
    around, attention = pixels[first:last], focus[first:last]
    if any(frame):
        around = cv2.copyMakeBorder(around, *frame, cv2.BORDER_REFLECT)
        attention = cv2.copyMakeBorder(attention, *frame, cv2.BORDER_REFLECT)
    shown = _rendered(around, attention, lens)
    return shown[start - first : stop - first, :width]


def _rendered(pixels: Pixels, focus: FloatArray, lens: Lens) -> Pixels:
    """Render a picture whose sides are multiples of the coarsest pixel."""
    light = decode(pixels)
    levels = lens.levels(focus)
    edge = find_edge(focus)
    bright = light * _bloom(pixels, focus, lens.highlights) if lens.highlights else light
    sources = Sources(bright, source_levels(levels, edge))
    rows, columns = np.divmod(edge.where, focus.shape[1])
    front = front_colours(light, focus, edge)
    points = Points(rows, columns, lens.levels(edge.front), front)
    # At an edge the picture has the back surface; the points have the front.
    levels[rows, columns] = lens.levels(edge.back)
    shown = light.copy()
    mix_discs(shown, levels, sources, steps_for(lens, levels, points.levels), lens, points)
    shown[:, rows, columns] += edge.cover * (points.light - shown[:, rows, columns])
    return encode(shown)


def _bloom(pixels: Pixels, focus: FloatArray, strength: float) -> FloatArray:
    """Factor >= 1 for the light of each pixel, [H, W]; above 1 for clipped lights out of focus."""
    bright = pixels.max(axis=2).astype(np.float32) / 255
    t = np.clip((bright - _CLIPPED) / (1 - _CLIPPED), 0.0, 1.0)
    step = t * t * (3 - 2 * t)
    return np.asarray(1 + strength * step * step * (1 - focus), dtype=np.float32)


def _checked(pixels: Pixels, focus: npt.ArrayLike) -> FloatArray:
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        raise FocusError("A picture must be a uint8 array of the shape [H, W, 3].")
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise FocusError(f"A picture must have the shape [H, W, 3], but it has {pixels.shape}.")
    values = np.ascontiguousarray(focus, dtype=np.float32)
    if values.shape != pixels.shape[:2]:
        raise FocusError(
            f"A focus must have its picture's size {pixels.shape[:2]}, but it has {values.shape}."
        )
    low, high = float(values.min()), float(values.max())
    if not (low >= -_ROUNDING and high <= 1.0 + _ROUNDING):
        raise FocusError(f"A focus must lie in 0..1, but it runs from {low} to {high}.")
    return values if low >= 0.0 and high <= 1.0 else np.clip(values, 0.0, 1.0)
