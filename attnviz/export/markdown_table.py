"""Table as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, Group
from attnviz.export.score_table import TextTable


@EXPORTS.add
@dataclass(frozen=True)
class MarkdownTable(Export[TextTable]):
    """A page with the table and what it rests on."""

    name: ClassVar[str] = "table-markdown"
    title: ClassVar[str] = "Table as Markdown"
    suffix: ClassVar[str] = ".md"
    mime: ClassVar[str] = "text/markdown"
    stem: ClassVar[str] = "table"
    group: ClassVar[Group] = Group.NUMBERS
    made_of: ClassVar[tuple[type, ...]] = (TextTable,)
    per_layer: ClassVar[bool] = False

    def write(self, source: TextTable) -> bytes:
        """See `Export`."""
        return source.markdown.encode()
