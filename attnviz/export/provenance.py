"""Where a file comes from: what is written into it, and shown on demand."""

from __future__ import annotations

from attnviz.export.base import ExportSource
from attnviz.methods.base import Nature
from attnviz.render.focus import Edges


def layer_provenance(source: ExportSource) -> dict[str, str]:
    """Model, weights, method and picture, with the layer that is shown and the target."""
    explanation = source.explanation
    return {
        **explanation.provenance,
        "layer": source.layer,
        "target": explanation.target.label if explanation.target else "none",
    }


def focus_provenance(source: ExportSource) -> dict[str, str]:
    """The same, with everything that decides how the focus picture looks."""
    settings = source.settings
    return {
        **layer_provenance(source),
        "scale": str(settings.scale),
        "threshold": f"{settings.threshold:g}",
        "softness": f"{settings.softness:g}",
        "radius px": f"{source.radius:.1f}",
        "focus": "object" if settings.edges is Edges.OBJECT else f"{_nature(source)} field",
        "aperture": str(source.aperture),
        "highlight bloom": f"{source.highlights:g}",
    }


def _nature(source: ExportSource) -> str:
    """What the map is: relevance is no attention."""
    attention = source.explanation.choice.method.nature is Nature.ATTENTION
    return "attention" if attention else "relevance"
