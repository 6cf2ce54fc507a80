"""The figure for papers as PDF."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource, Group
from attnviz.export.provenance import focus_provenance
from attnviz.export.xmp import provenance_text


@EXPORTS.add
@dataclass(frozen=True)
class FigurePdf(Export[ExportSource]):
    """PDF as wide as a page, with the values of each map; its text can be searched and edited."""

    name: ClassVar[str] = "figure"
    title: ClassVar[str] = "Figure as PDF"
    suffix: ClassVar[str] = ".pdf"
    mime: ClassVar[str] = "application/pdf"
    group: ClassVar[Group] = Group.FIGURES
    per_layer: ClassVar[bool] = False

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        from attnviz.export.paper_figure import paper_figure  # with matplotlib, which takes long

        file = io.BytesIO()
        facts = {"Subject": provenance_text(focus_provenance(source)), "CreationDate": None}
        paper_figure(source).savefig(file, format="pdf", metadata=facts)
        return file.getvalue()
