"""The public function `attnviz.foveate`, for pictures and points as shares of their sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from attnviz.errors import VisionError
from attnviz.pictures import Picture
from attnviz.types import Pixels
from attnviz.vision.foveation import foveate as foveate_pixels
from attnviz.vision.retina import Retina, ViewingGeometry


def foveate(
    picture: Picture | Pixels,
    fixations: tuple[float, float] | Sequence[tuple[float, float]] = (0.5, 0.5),
    *,
    pixels_per_degree: float = 35.0,
    coarser: float = 1.0,
) -> Pixels:
    """Render what an eye sees of a picture while it fixates a point: sharp there, coarser around.

    Parameters
    ----------
    picture
        A `Picture`, or uint8 [H, W, 3], sRGB.
    fixations
        (x, y) in 0..1 of width and height, from the left and from the top; or several, of which
        each pixel uses the nearest.
    pixels_per_degree
        Pixels of the picture per degree of visual angle; 35 and 38 are usual in experiments.
    coarser
        1 for a real eye; 4 for one that is four times coarser everywhere, for demonstration.

    Returns
    -------
    Pixels
        uint8 [H, W, 3], unchanged where the eye resolves the screen.

    Raises
    ------
    VisionError
        There is no fixation, or a number is out of range.

    References
    ----------
    Geisler & Perry, "A real-time foveated multiresolution system for low-bandwidth video
    communication", SPIE 3299, 1998.

    Examples
    --------
    >>> from attnviz.pictures import open_sample
    >>> photo = open_sample("astronaut")
    >>> seen = foveate(photo, (0.45, 0.2), coarser=4)
    >>> seen.shape == photo.pixels.shape, bool((seen != photo.pixels).any())
    (True, True)
    """
    pixels = picture.pixels if isinstance(picture, Picture) else picture
    height, width = pixels.shape[:2]
    places = [(y * height, x * width) for x, y in _points(fixations)]
    viewing = ViewingGeometry(pixels_per_degree)
    return foveate_pixels(pixels, places, viewing, Retina(coarser=coarser))


def _points(fixations: npt.ArrayLike) -> list[tuple[float, float]]:
    """One point or several as a list of (x, y)."""
    try:
        points = np.asarray(fixations, dtype=np.float64)
    except (TypeError, ValueError):
        points = np.zeros((1, 0))
    if points.size % 2 or points.shape[-1:] not in ((2,), (0,)) or points.ndim > 2:
        raise VisionError(f"A fixation is a point (x, y) in 0..1, not {fixations!r:.60}.")
    return [(x, y) for x, y in points.reshape(-1, 2).tolist()]
