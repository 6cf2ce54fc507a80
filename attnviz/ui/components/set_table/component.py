"""Mounts the table on a page and returns clicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from attnviz.ui.components.base.component import no_op, register
from attnviz.ui.components.set_table.packing import SetRow, TableColumn, pack

FOLDER = Path(__file__).resolve().parent
_TABLE = register("attnviz.set_table", FOLDER, html="table.html", css="table.css")


@dataclass(frozen=True)
class TableEvents:
    """What the user has just clicked, in the run that the click causes; empty otherwise.

    Attributes
    ----------
    opened : str
        Key of a row.
    sorted : str
        Name of the column whose header was clicked.
    """

    opened: str = ""
    sorted: str = ""


def table_events(key: str) -> TableEvents:
    """Return the clicks on a table before it is drawn, so that it is drawn only once.

    Parameters
    ----------
    key : str
        As for `set_table`.
    """
    answer = st.session_state.get(key) or {}
    return TableEvents(*(_text(answer.get(name)) for name in ("opened", "sorted")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def set_table(
    columns: Sequence[TableColumn],
    rows: Sequence[SetRow],
    *,
    key: str,
    chosen: str = "",
    by: str = "",
    descending: bool = False,
) -> None:
    """Show a page of a table of pictures.

    Parameters
    ----------
    columns, rows, chosen, by, descending
        As for `pack`.
    key : str
        Key of the widget, unique on its page; `table_events` returns the clicks.
    """
    _TABLE(
        key=key,
        data=pack(columns, rows, chosen, by, descending=descending),
        on_opened_change=no_op,
        on_sorted_change=no_op,
        height="content",
    )
