"""Surfaces of a picture, derived from its focus: how blurred each is, and where two of them meet.

A focus comes in two kinds, and one model covers both. A **soft field** (attention) changes slowly:
a value between 0 and 1 is an amount of blur. A **matte** (an object's mask) changes from 0 to 1
within a few pixels: there a value of 0.5 does not mean half the blur, but a pixel that shows half
of the sharp object and half of what lies behind it. The steepness tells them apart. Where the
focus changes by more than `_SOFT` within a 9 x 9 window, a pixel starts to count as the mixture of
a front surface (the window's largest focus) and a back surface (its smallest), and at `_HARD` it
counts entirely as one; the transition is smooth, so that no seam shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.types import FloatArray

_WINDOW = np.ones((9, 9), dtype=np.uint8)
_PIXEL_BORDER = np.ones((3, 3), dtype=np.uint8)
_SOFT, _HARD = 0.4, 0.85
# Edge pixels with this coverage or more are excluded from the surround's blur.
_TAINTED = 0.04
# The front's colour at an edge is estimated from pixels with at least this focus.
_PURE = 0.99
_COLOUR_SIGMA = 2.0

# Radius of everything computed here: the edge's window and the erosion, or the colours.
REACH = 6


@dataclass(frozen=True)
class Edge:
    """The pixels in which two surfaces mix.

    Attributes
    ----------
    where
        intp [n], flat indices into the picture.
    cover
        float32 [n] in 0..1, share of the front surface.
    strength
        float32 [n] in 0..1, how far the pixel counts as a mixture.
    front, back
        float32 [n] in 0..1, focus of the two surfaces.
    """

    where: npt.NDArray[np.intp]
    cover: FloatArray
    strength: FloatArray
    front: FloatArray
    back: FloatArray


def find_edge(focus: FloatArray) -> Edge:
    """Find the mixed pixels; there are none in a hard mask or a soft field.

    Parameters
    ----------
    focus
        float32 [H, W] in 0..1.
    """
    high, low = cv2.dilate(focus, _WINDOW), cv2.erode(focus, _WINDOW)
    mixed = (high - low > _SOFT) & (focus > low) & (focus < high)
    where = np.flatnonzero(mixed)
    value: FloatArray = focus.ravel()[where]
    top: FloatArray = high.ravel()[where]
    bottom: FloatArray = low.ravel()[where]
    span = top - bottom
    strength = _smoothstep((span - np.float32(_SOFT)) * np.float32(1 / (_HARD - _SOFT)))
    front = value + strength * (top - value)
    back = value - strength * (value - bottom)
    return Edge(where, (value - bottom) / span, strength, front, back)


def source_levels(levels: FloatArray, edge: Edge) -> FloatArray:
    """How far each pixel may spread its colour, as a level.

    A pixel spreads as far as its own disc. A mixed pixel of an edge has the front's colour in it
    and spreads nothing; nor do, after an erosion by 1 px, its neighbours, into which a lens or a
    JPEG has smeared that colour.

    Parameters
    ----------
    levels
        float32 [H, W], level of each pixel.
    edge
        The mixed pixels.

    Returns
    -------
    FloatArray
        float32 [H, W].
    """
    source = levels.copy()
    tainted = np.minimum(edge.cover / _TAINTED, 1.0) * edge.strength
    source.ravel()[edge.where] *= 1.0 - tainted
    return np.asarray(cv2.erode(source, _PIXEL_BORDER), dtype=np.float32)


def front_colours(light: FloatArray, focus: FloatArray, edge: Edge) -> FloatArray:
    """Estimate the front surface's own colour in the mixed pixels.

    A mixed pixel of a photo already contains background; laying it over the blurred background
    would count that twice. Its front colour is estimated from fully focused pixels nearby.

    Parameters
    ----------
    light
        float32 [3, H, W], linear light.
    focus
        float32 [H, W] in 0..1.
    edge
        The mixed pixels.

    Returns
    -------
    FloatArray
        float32 [3, n], linear light.
    """
    own = light.reshape(3, -1)[:, edge.where]
    if edge.where.size == 0:
        return own
    rows, columns = np.divmod(edge.where, focus.shape[1])
    top, bottom = max(0, rows.min() - 6), rows.max() + 7
    left, right = max(0, columns.min() - 6), columns.max() + 7
    window = np.s_[top:bottom, left:right]
    pure = (focus[window] >= _PURE).astype(np.float32)
    at = (rows - top, columns - left)
    share = _gauss(pure)[at]
    near = np.stack([_gauss(plane[window] * pure)[at] for plane in light])
    estimate = near / np.maximum(share, np.float32(1e-6))
    # Far from focused pixels (at the tips of hairs) the pixel's own colour is the better guess.
    trust = _smoothstep(share * np.float32(50)) * edge.strength
    return np.asarray(own + trust * (estimate - own), dtype=np.float32)


def _gauss(plane: FloatArray) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(plane, (13, 13), _COLOUR_SIGMA), dtype=np.float32)


def _smoothstep(t: FloatArray) -> FloatArray:
    clipped = np.clip(t, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), dtype=np.float32)
