"""The network asked again about the focus picture: is what stays sharp enough for it?"""

from __future__ import annotations

from dataclasses import replace

from attnviz.analysis.explain import predict
from attnviz.export.base import ExportSource
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import open_picture
from attnviz.render.bokeh import bokeh


def asked_again(model: VisionModel, source: ExportSource) -> ExportSource:
    """Return the source with the classes of its focus picture, for a report.

    Parameters
    ----------
    model
        The network that was explained.
    source
        Photo, maps, and how they are shown.

    Returns
    -------
    ExportSource
        With all classes of the focus picture, best first; none where the network names none.

    Raises
    ------
    ModelError, OutOfMemoryError
        As `attnviz.explain`.
    """
    picture = source.explanation.picture
    focus = source.explanation.focus(source.layer, source.settings)
    blurred = bokeh(
        picture.pixels,
        focus.values,
        source.radius * picture.width / source.picture.width,
        aperture=source.aperture,
        highlights=source.highlights,
    )
    return replace(source, after=predict(model, open_picture(blurred, name="bokeh"), count=None))
