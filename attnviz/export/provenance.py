"""Where a file comes from: what is written into it, and shown on demand."""

from __future__ import annotations

from attnviz.export.base import ExportSource
from attnviz.render.focus import Edges


def layer_provenance(source: ExportSource) -> dict[str, str]:
    """Model, weights, method and picture, with the layer that is shown and the target."""
    explanation = source.explanation
    return {
        **explanation.provenance,
        "layer": source.layer,
        "target": explanation.target_text,
    }


def focus_provenance(source: ExportSource) -> dict[str, str]:
    """The same, with everything that decides how the focus picture looks."""
    settings = source.settings
    nature = source.explanation.choice.method.nature  # relevance is no attention
    return {
        **layer_provenance(source),
        "scale": str(settings.scale),
        "threshold": f"{settings.threshold:g}",
        "softness": f"{settings.softness:g}",
        "radius px": f"{source.radius:.1f}",
        "focus": "object" if settings.edges is Edges.OBJECT else f"{nature} field",
        "aperture": str(source.aperture),
        "highlight bloom": f"{source.highlights:g}",
    }
