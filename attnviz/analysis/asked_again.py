"""The network asked again about the focus picture: is what stays sharp enough for it?"""

from __future__ import annotations

from dataclasses import replace

from attnviz.analysis.explain import predict
from attnviz.export.base import ExportSource
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import open_picture


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
    seen = source.resized(source.explanation.picture)
    shown = open_picture(seen.blurred(seen.focus()), name="bokeh")
    return replace(source, after=predict(model, shown, count=None))
