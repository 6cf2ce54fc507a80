"""Several photos, or one photo seen by several models, as they are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource, Group
from attnviz.export.report_page.page import report_page


@dataclass(frozen=True, eq=False)
class SeveralSources:
    """Photos with their maps, in the order of the page; at least one.

    Attributes
    ----------
    sources : tuple of ExportSource
        Each with its own model and method.
    """

    sources: tuple[ExportSource, ...]


@EXPORTS.add
@dataclass(frozen=True)
class SeveralReport(Export[SeveralSources]):
    """One HTML file with a live viewer for each, for anybody with a browser; it prints on A4."""

    name: ClassVar[str] = "several-report"
    title: ClassVar[str] = "Save as a report"
    suffix: ClassVar[str] = ".html"
    mime: ClassVar[str] = "text/html"
    stem: ClassVar[str] = "report"
    group: ClassVar[Group] = Group.PAGES
    made_of: ClassVar[tuple[type, ...]] = (SeveralSources,)
    per_layer: ClassVar[bool] = False

    def write(self, source: SeveralSources) -> bytes:
        """See `Export`."""
        return report_page(source.sources)
