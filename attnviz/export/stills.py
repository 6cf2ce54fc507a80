"""Still pictures of a source, for paper and for whatever cannot draw the viewer."""

from __future__ import annotations

from attnviz.export.base import ExportSource
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
    small = source.resized(source.picture.reduced(longest))
    focus = small.focus()
    ends = f"{focus.low:.3g} (dark) to {focus.high:.3g} (bright)"
    return (
        (f"Focus picture, {source.layer}", small.blurred(focus)),
        (f"Map, {source.layer}: {ends}", heat_overlay(small.picture.pixels, focus.scaled)),
    )
