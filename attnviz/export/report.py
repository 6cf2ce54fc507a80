"""The report: photo, live viewer, predictions and provenance in one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource, Group
from attnviz.export.report_page.page import report_page


@EXPORTS.add
@dataclass(frozen=True)
class Report(Export[ExportSource]):
    """One HTML file that opens offline, with the viewer and all layers; it prints to A4."""

    name: ClassVar[str] = "report"
    title: ClassVar[str] = "Save as a report"
    suffix: ClassVar[str] = ".html"
    mime: ClassVar[str] = "text/html"
    group: ClassVar[Group] = Group.PAGES
    per_layer: ClassVar[bool] = False
    asks_again: ClassVar[bool] = True

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        return report_page([source])
