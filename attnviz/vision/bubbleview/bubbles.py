"""A blurred picture that is looked at through round, sharp bubbles.

After BubbleView (Kim et al., "BubbleView: an interface for crowdsourcing image importance maps and
tracking visual attention", 2017): whoever looks decides where to see sharply, and so tells what
matters to them. Blur and bubble are in proportion to the picture's width, so that a picture asks
as much of its viewer at any size. A person sees one bubble at a time; to a network, which
remembers nothing, all bubbles so far stay open.
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
LEAST_SIDE = 40  # below it a bubble is all feather
# Whoever plays a round remembers where they looked: nothing wins twice.
_FOREVER = 1e9


class BubbleCentre(NamedTuple):
    """The middle of a bubble, as shares of the picture's height and width: (0, 0) is top left."""

    y: float
    x: float


def check_size(pixels: Pixels) -> None:
    """Raises VisionError for a picture too small to be looked at through bubbles."""
    height, width = pixels.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise VisionError(
            f"The picture has {width} x {height} pixels, and a bubble would show next to nothing "
            f"of it. Choose one of at least {LEAST_SIDE} pixels each way."
        )


def blur_picture(pixels: Pixels, share: float = BLUR) -> Pixels:
    """All of a picture, uint8 [H, W, 3] sRGB, blurred by a Gaussian in linear light.

    share: sigma, as a part of the width.
    """
    sigma = share * pixels.shape[1]
    planes = [
        cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        for plane in decode(pixels)
    ]
    return encode(np.stack(planes))


def bubble_radius(size: tuple[int, int]) -> float:
    """Radius in px of a bubble in a picture of (height, width)."""
    return RADIUS * size[1]


def open_bubble(shown: Pixels, sharp: Pixels, place: BubbleCentre) -> Pixels:
    """`shown` with one more bubble, through which `sharp` is seen; both uint8 [H, W, 3].

    Over the feather the two are mixed as codes, as a browser's canvas does.
    """
    height, width = sharp.shape[:2]
    middle_y, middle_x = place.y * height, place.x * width
    reach = bubble_radius((height, width)) + FEATHER / 2
    top, bottom = _span(middle_y, reach, height)
    left, right = _span(middle_x, reach, width)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
    x = np.arange(left, right, dtype=np.float32)[None] + 0.5
    distance = np.hypot(y - np.float32(middle_y), x - np.float32(middle_x))
    open_share = np.clip((reach - distance) / FEATHER, 0, 1)[..., None]
    result = shown.copy()
    part = result[top:bottom, left:right].astype(np.float32)
    part += open_share * (sharp[top:bottom, left:right] - part)
    result[top:bottom, left:right] = np.rint(part)
    return result


def _span(middle: float, reach: float, length: int) -> tuple[int, int]:
    start, end = (round(float(np.clip(middle + by, 0, length))) for by in (-reach - 1, reach + 1))
    return start, end


def peak_bubbles(values: AnyFloatArray, count: int) -> tuple[BubbleCentre, ...]:
    """Where a map would have its bubbles: at its peaks, each once, at most `count`.

    The winner takes all and is inhibited for good (`scanpath`), within a spot as wide as a bubble
    or as usual, whichever is more.

    Args:
        values: float [h, w], a map over the whole picture.
        count: 1 or more.

    Raises VisionError for a map of one value, which has no peaks.
    """
    height, width = values.shape
    spot = max(bubble_radius((height, width)), min(height, width) / 12)
    stops = scanpath(values, count, radius=spot, memory=_FOREVER, least=0.0)
    return tuple(BubbleCentre(stop.y / height, stop.x / width) for stop in stops)


def random_bubbles(count: int, seed: int = 0) -> tuple[BubbleCentre, ...]:
    """`count` bubbles anywhere in the picture, each place as likely as any other."""
    shares = np.random.default_rng(seed).random((count, 2))
    return tuple(BubbleCentre(float(y), float(x)) for y, x in shares)


def grid_cells(places: Sequence[BubbleCentre], size: tuple[int, int]) -> tuple[IntArray, IntArray]:
    """Rows and columns of places on a grid of (height, width) over the picture, int64 [n] each."""
    shares = np.asarray([(place.y, place.x) for place in places], np.float64).reshape(-1, 2)
    rows, columns = (
        np.clip((shares[:, axis] * side).astype(np.int64), 0, side - 1)
        for axis, side in enumerate(size)
    )
    return rows, columns
