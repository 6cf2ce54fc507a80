"""What the viewer is sent of an export's source, where no server answers it."""

from __future__ import annotations

import math
from dataclasses import replace

from attnviz.export.base import ExportSource
from attnviz.render.focus import Edges
from attnviz.viewer.content import content_of, with_mattes
from attnviz.viewer.payload import pack
from attnviz.viewer.view import LARGEST_RADIUS, View


def viewer_blob(source: ExportSource, view_id: str = "") -> bytes:
    """Pack photo, maps and outlines of all layers, since nobody can be asked for them later.

    Parameters
    ----------
    source : ExportSource
        Photo, maps, and how they are shown.
    view_id : str
        Tells apart viewers of one page that show the same.

    Returns
    -------
    bytes
        The blob; it offers nothing to share, as there is no link.
    """
    payload = pack(replace(with_mattes(content_of(source.explanation)), name=""))
    return payload.to_bytes(first_view(source).to_json(), f"{payload.id} {view_id}")


def first_view(source: ExportSource) -> View:
    """Return the view with which the viewer begins: as the source is to be shown."""
    settings = source.settings
    diagonal = math.hypot(*source.picture.pixels.shape[:2])
    return View(
        layer=source.layer,
        radius=min(source.radius / diagonal, LARGEST_RADIUS),
        threshold=settings.threshold,
        softness=settings.softness,
        scale=settings.scale,
        outline=settings.edges is Edges.OBJECT,
        aperture=source.aperture,
        highlights=source.highlights,
    )
