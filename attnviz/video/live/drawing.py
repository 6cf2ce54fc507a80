"""Drawing a live frame as the view says: its surround in bokeh, its map in colours, or both."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from attnviz.render.bokeh import bokeh
from attnviz.render.focus import Edges, FocusMap, Scale, focus_map
from attnviz.render.heat import heat_overlay
from attnviz.types import Pixels
from attnviz.video.animated_picture import scaled
from attnviz.video.live.looking import LiveMap
from attnviz.viewer.view import Mode, Surface, View

_PANES = {
    Mode.BOKEH: (Surface.BOKEH,),
    Mode.HEAT: (Surface.HEAT,),
    Mode.PHOTO: (Surface.PHOTO,),
}


def draw_frame(pixels: Pixels, found: LiveMap, view: View, size: tuple[int, int]) -> Pixels:
    """Draw a frame.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3], as it was looked at.
    found
        Its map.
    view
        Mode, radius, threshold and the like; all frames share one scale whatever it says.
    size
        (height, width) of a pane in pixels.

    Returns
    -------
    Pixels
        uint8 [height, width, 3], or both panes side by side.
    """
    settings = replace(view.focus_settings(), scale=Scale.ALL_LAYERS)
    small = scaled(pixels, size)
    focus = focus_map(
        found.values,
        found.geometry.resized(size),
        settings,
        value_range=found.value_range,
        layer=found.layer,
        pixels=small if settings.edges is Edges.OBJECT else None,
    )
    panes = _PANES.get(view.mode, (view.left, view.right))
    return np.hstack([_surface(one, small, focus, view) for one in panes])


def _surface(surface: Surface, pixels: Pixels, focus: FocusMap, view: View) -> Pixels:
    if surface is Surface.HEAT:
        return heat_overlay(pixels, focus.scaled, view.opacity, view.colours)
    if surface is Surface.PHOTO:
        return pixels
    radius = view.radius * math.hypot(*pixels.shape[:2])
    return bokeh(pixels, focus.values, radius, aperture=view.aperture, highlights=view.highlights)
