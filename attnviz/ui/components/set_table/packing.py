"""Columns and rows of the table, and the data that its browser side receives.

A blob (see `viewer.blob`) with two JPEGs for each row, ``photo 0`` and ``focus 0``, empty where
there is none. The header is ``{"id", "chosen", "sorted", "descending", "columns": [{"name",
"title", "number"}, ...], "rows": [{"key", "name", "cells": [text, ...]}, ...]}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from attnviz.viewer.blob import content_id, pack_blob


@dataclass(frozen=True)
class TableColumn:
    """A column.

    Attributes
    ----------
    name : str
        Returned when its header is clicked.
    title : str
        Shown as plain text.
    number : bool
        Whether its cells are numbers, which stand below each other.
    """

    name: str
    title: str
    number: bool = False


@dataclass(frozen=True)
class SetRow:
    """A picture.

    Attributes
    ----------
    key : str
        Returned when it is opened.
    name : str
        What it is called, for screen readers.
    cells : tuple of str
        Text of each column.
    photo, focus : bytes
        JPEGs of the picture and of its focus; empty if there is none.
    """

    key: str
    name: str
    cells: tuple[str, ...]
    photo: bytes = field(default=b"", repr=False)
    focus: bytes = field(default=b"", repr=False)


def pack(
    columns: Sequence[TableColumn],
    rows: Sequence[SetRow],
    chosen: str = "",
    by: str = "",
    *,
    descending: bool = False,
) -> bytes:
    """Pack a page of the table.

    Parameters
    ----------
    columns : sequence of TableColumn
        From left to right.
    rows : sequence of SetRow
        From top to bottom.
    chosen : str
        Key of the row that is marked; empty for none.
    by : str
        Name of the column by which all rows are sorted; empty for none.
    descending : bool
        Whether large values come first.

    Returns
    -------
    bytes
        The blob; deterministic.
    """
    table = {
        "sorted": by,
        "descending": descending,
        "columns": [asdict(column) for column in columns],
        "rows": [{"key": row.key, "name": row.name, "cells": row.cells} for row in rows],
    }
    pictures = {
        f"{kind} {index}": picture
        for index, row in enumerate(rows)
        for kind, picture in (("photo", row.photo), ("focus", row.focus))
    }
    return pack_blob({"id": content_id(table, pictures), "chosen": chosen, **table}, pictures)
