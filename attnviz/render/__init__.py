"""Rendering: functions from a picture and a focus or map to another picture, on arrays."""

from __future__ import annotations

from attnviz.render.aperture import Aperture, aperture_kernel
from attnviz.render.bokeh import bokeh
from attnviz.render.guided_filter import guided_filter
from attnviz.render.heat import (
    COLOUR_MAPS,
    SIGNED_COLOUR_MAPS,
    ColourBar,
    colour_bar,
    colour_map,
    heat_overlay,
    signed_colour_map,
)
from attnviz.render.object_matte import object_matte, object_mattes

__all__ = [
    "COLOUR_MAPS",
    "SIGNED_COLOUR_MAPS",
    "Aperture",
    "ColourBar",
    "aperture_kernel",
    "bokeh",
    "colour_bar",
    "colour_map",
    "guided_filter",
    "heat_overlay",
    "object_matte",
    "object_mattes",
    "signed_colour_map",
]
