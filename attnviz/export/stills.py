"""Still pictures of a source, for paper and for whatever cannot draw the viewer."""

from __future__ import annotations

from attnviz.export.base import ExportSource
from attnviz.render.bokeh import bokeh
from attnviz.render.heat import heat_overlay
from attnviz.types import Pixels


def stills(source: ExportSource, longest: int) -> tuple[tuple[str, Pixels], ...]:
    """Render the focus picture and the map over the photo.

    Parameters
    ----------
    source : ExportSource
        Photo, maps, and how they are shown.
    longest : int
        The longer side of the pictures in pixels; a smaller photo is not enlarged.

    Returns
    -------
    tuple of (str, uint8 [H, W, 3])
        Captions, and the two pictures.
    """
    picture = source.picture.reduced(longest)
    focus = source.explanation.focus(source.layer, source.settings)
    focus = focus.resized((picture.height, picture.width))
    radius = source.radius * picture.width / source.picture.width
    sharp = bokeh(
        picture.pixels, focus.values, radius, aperture=source.aperture, highlights=source.highlights
    )
    ends = f"{focus.low:.3g} (dark) to {focus.high:.3g} (bright)"
    return (
        (f"Focus picture, {source.layer}", sharp),
        (f"Map, {source.layer}: {ends}", heat_overlay(picture.pixels, focus.scaled)),
    )
