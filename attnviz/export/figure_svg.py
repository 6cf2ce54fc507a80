"""The figure for papers as SVG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource, Group
from attnviz.export.provenance import focus_provenance
from attnviz.export.xmp import provenance_text


@EXPORTS.add
@dataclass(frozen=True)
class FigureSvg(Export[ExportSource]):
    """SVG as wide as a page, with the values of each map; its text can be edited."""

    name: ClassVar[str] = "figure-svg"
    title: ClassVar[str] = "Figure as SVG"
    suffix: ClassVar[str] = ".svg"
    mime: ClassVar[str] = "image/svg+xml"
    stem: ClassVar[str] = "figure"
    group: ClassVar[Group] = Group.FIGURES
    per_layer: ClassVar[bool] = False

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        from attnviz.export.paper_figure import paper_figure  # with matplotlib, which takes long

        file = io.BytesIO()
        facts = {"Description": provenance_text(focus_provenance(source)), "Date": None}
        paper_figure(source).savefig(file, format="svg", metadata=facts)
        return file.getvalue()
