"""Table as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, Group
from attnviz.export.score_table import TextTable


@EXPORTS.add
@dataclass(frozen=True)
class CsvTable(Export[TextTable]):
    """Comma-separated values, for spreadsheets and further computation."""

    name: ClassVar[str] = "table-csv"
    title: ClassVar[str] = "Table as CSV"
    suffix: ClassVar[str] = ".csv"
    mime: ClassVar[str] = "text/csv"
    stem: ClassVar[str] = "table"
    group: ClassVar[Group] = Group.NUMBERS
    made_of: ClassVar[tuple[type, ...]] = (TextTable,)
    per_layer: ClassVar[bool] = False

    def write(self, source: TextTable) -> bytes:
        """See `Export`."""
        return source.csv.encode()
