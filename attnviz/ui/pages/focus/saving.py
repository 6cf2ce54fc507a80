"""What the page "Focus" shows, as it is saved."""

from __future__ import annotations

import math

from attnviz.analysis.explanation import Explanation
from attnviz.export.base import ExportSource
from attnviz.pictures import Picture
from attnviz.ui.components.viewer import View


def export_source(picture: Picture, explanation: Explanation, view: View) -> ExportSource:
    """Return a photo with its maps as the viewer shows them.

    Parameters
    ----------
    picture : Picture
        The photo at the size in which it is saved.
    explanation : Explanation
        Its maps.
    view : View
        What the viewer shows.
    """
    return ExportSource(
        picture,
        explanation,
        view.layer or explanation.best_layer,
        view.focus_settings(),
        radius=view.radius * math.hypot(*picture.pixels.shape[:2]),
        aperture=view.aperture,
        highlights=view.highlights,
    )
