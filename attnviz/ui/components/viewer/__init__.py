"""The viewer: one component that draws photo, focus and maps in the browser.

`pack` prepares a picture and its maps, `viewer` mounts them, and `View` holds the values of the
controls. Once the picture and all maps are loaded, only a click or a released control sends a
message to the server.
"""

from __future__ import annotations

from attnviz.ui.components.viewer.component import Pick, ViewerEvents, viewer
from attnviz.viewer.content import (
    CLOCK,
    CLOCK_INPUT,
    Content,
    Layer,
    content_of,
    layer_names,
    pointed_layer,
    with_mattes,
)
from attnviz.viewer.payload import Payload, pack
from attnviz.viewer.view import Mode, Surface, View

__all__ = [
    "CLOCK",
    "CLOCK_INPUT",
    "Content",
    "Layer",
    "Mode",
    "Payload",
    "Pick",
    "Surface",
    "View",
    "ViewerEvents",
    "content_of",
    "layer_names",
    "pack",
    "pointed_layer",
    "viewer",
    "with_mattes",
]
