"""Bubbles: round sharp windows onto a blurred picture.

After BubbleView (Kim et al., "BubbleView: an interface for crowdsourcing image importance maps and
tracking visual attention", 2017): observers decide where to see sharply, and so show what matters
to them. Blur and bubble are proportional to the picture's width, so that a picture is equally hard
at any size. A person sees one bubble at a time; for a network, which has no memory, all bubbles so
far stay open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from attnviz.errors import VisionError
from attnviz.render.linear_light import decode, encode
from attnviz.types import AnyFloatArray, IntArray, Pixels
from attnviz.vision.scanpath import scanpath

BLUR = 0.05  # sigma of the blur, of the picture's width
RADIUS = 0.05  # of a bubble, of the picture's width
FEATHER = 2.0  # px over which a bubble's edge fades
LEAST_SIDE = 40  # below this a bubble is all feather
# Observers remember where they looked: no position wins twice.
_LASTING = 1e9


class BubbleCentre(NamedTuple):
    """Centre of a bubble, as shares of the picture's height and width; (0, 0) is the top left."""

    y: float
    x: float


def check_size(pixels: Pixels) -> None:
    """Raise VisionError for a picture too small to be viewed through bubbles."""
    height, width = pixels.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise VisionError(
            f"The picture has {width} x {height} pixels, so a bubble would show almost nothing "
            f"of it. Choose one with sides of at least {LEAST_SIDE} pixels."
        )


def blur_picture(pixels: Pixels, share: float = BLUR) -> Pixels:
    """Blur a picture by a Gaussian in linear light.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        sRGB.
    share : float
        Standard deviation as a share of the width.

    Returns
    -------
    uint8 [H, W, 3]
    """
    sigma = share * pixels.shape[1]
    planes = [
        cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        for plane in decode(pixels)
    ]
    return encode(np.stack(planes))


def bubble_radius(size: tuple[int, int]) -> float:
    """Radius in pixels of a bubble in a picture of (height, width)."""
    return RADIUS * size[1]


def open_bubble(uncovered: Pixels, sharp: Pixels, centre: BubbleCentre) -> Pixels:
    """Open one more bubble in a blurred picture.

    The feathered edge mixes code values, as a browser's canvas does.

    Parameters
    ----------
    shown : uint8 [H, W, 3]
        The picture as uncovered so far.
    sharp : uint8 [H, W, 3]
        The original picture.
    place : BubbleCentre

    Returns
    -------
    uint8 [H, W, 3]
    """
    height, width = sharp.shape[:2]
    centre_y, centre_x = centre.y * height, centre.x * width
    reach = bubble_radius((height, width)) + FEATHER / 2
    top, bottom = _span(centre_y, reach, height)
    left, right = _span(centre_x, reach, width)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
    x = np.arange(left, right, dtype=np.float32)[None] + 0.5
    distance = np.hypot(y - np.float32(centre_y), x - np.float32(centre_x))
    open_share = np.clip((reach - distance) / FEATHER, 0, 1)[..., None]
    result = uncovered.copy()
    patch = result[top:bottom, left:right].astype(np.float32)
    patch += open_share * (sharp[top:bottom, left:right] - patch)
    result[top:bottom, left:right] = np.rint(patch)
    return result


def _span(centre: float, reach: float, length: int) -> tuple[int, int]:
    """First and last pixel that a bubble touches along one axis."""
    start, end = (round(float(np.clip(centre + by, 0, length))) for by in (-reach - 1, reach + 1))
    return start, end


def peak_bubbles(values: AnyFloatArray, count: int) -> tuple[BubbleCentre, ...]:
    """Bubbles at a map's peaks, each once.

    Winner-take-all with lasting inhibition (`scanpath`), within a spot as wide as a bubble or as
    usual, whichever is larger.

    Parameters
    ----------
    values : float [h, w]
        A map over the whole picture.
    count : int
        Maximum number, 1 or more.

    Returns
    -------
    tuple of BubbleCentre

    Raises
    ------
    VisionError
        For a constant map, which has no peaks.
    """
    height, width = values.shape
    spot = max(bubble_radius((height, width)), min(height, width) / 12)
    peaks = scanpath(values, count, radius=spot, memory=_LASTING, least=0.0)
    return tuple(BubbleCentre(peak.y / height, peak.x / width) for peak in peaks)


def random_bubbles(count: int, seed: int = 0) -> tuple[BubbleCentre, ...]:
    """`count` bubbles at uniformly random positions."""
    shares = np.random.default_rng(seed).random((count, 2))
    return tuple(BubbleCentre(float(y), float(x)) for y, x in shares)


def grid_cells(centres: Sequence[BubbleCentre], size: tuple[int, int]) -> tuple[IntArray, IntArray]:
    """Rows and columns of bubbles on a grid of (height, width) over the picture, int64 [n] each."""
    shares = np.asarray([(centre.y, centre.x) for centre in centres], np.float64).reshape(-1, 2)
    rows, columns = (
        np.clip((shares[:, axis] * side).astype(np.int64), 0, side - 1)
        for axis, side in enumerate(size)
    )
    return rows, columns
