"""The public function `attnviz.bokeh`, for pictures and focus maps."""

from __future__ import annotations

import numpy.typing as npt

from attnviz.pictures import Picture
from attnviz.render.bokeh import bokeh as render_bokeh
from attnviz.render.focus import FocusMap
from attnviz.types import Pixels


def bokeh(
    picture: Picture | Pixels,
    focus: FocusMap | npt.ArrayLike,
    radius: float = 24,
    *,
    gamma: float = 1.0,
    aperture: str = "disc",
    highlights: float = 0.0,
) -> Pixels:
    """Render a picture with its focus sharp and its surround in bokeh.

    Parameters
    ----------
    picture
        A `Picture`, or uint8 [H, W, 3], sRGB.
    focus
        A `FocusMap`, or float [H, W] in 0..1 at the picture's size; 1 is sharp.
    radius
        Largest circle of confusion, as a radius in pixels of the picture, 0..1000.
    gamma
        Exponent of the radius, 0.1..10: radius * (1 - focus) ** gamma.
    aperture
        "disc", "hexagon" or "octagon".
    highlights
        How much brighter lights outside the focus bloom, 0..8; 0 invents no light.

    Returns
    -------
    Pixels
        uint8 [H, W, 3].

    Raises
    ------
    FocusError
        Shapes differ, the focus leaves 0..1, or an option is out of range.
    UnknownNameError
        There is no such aperture.
    """
    pixels = picture.pixels if isinstance(picture, Picture) else picture
    values = focus.values if isinstance(focus, FocusMap) else focus
    return render_bokeh(
        pixels, values, radius, gamma=gamma, aperture=aperture, highlights=highlights
    )
