"""The pictures of a set in pages: found, sorted, and one of them chosen."""

from __future__ import annotations

from typing import Any

import streamlit as st

from attnviz.batch.opened import OpenedResults
from attnviz.batch.orders import OFF_CENTRE, ORDERS
from attnviz.batch.set_rows import Only, RowChoice
from attnviz.pictures.names import base_name, visible
from attnviz.types import IntArray
from attnviz.ui.components.set_table import SetRow, TableColumn, set_table, table_events
from attnviz.ui.kit.url_state import linked, share, start_choice, went_back
from attnviz.ui.pages.dataset.groups import chosen_group, leave_group
from attnviz.ui.pages.dataset.paging import page_of
from attnviz.ui.pages.dataset.results import OpenedSet
from attnviz.ui.pages.dataset.small import small_pictures

_FIND, _ONLY, _ORDER, _SORT, _ROW = (
    f"set {what}" for what in ("find", "only", "order", "sort", "row")
)
_TABLE = "set table"
_UNSORTED = "in their order"
_LONGEST = 200
_LONGEST_NUMBER = 12  # digits
COLUMNS = (
    TableColumn("path", "Picture"),
    TableColumn("group", "Group"),
    TableColumn("top1", "Class"),
    TableColumn("probability1", "Probability", number=True),
    TableColumn("margin", "Margin", number=True),
    TableColumn("focus_share", "In focus", number=True),
    TableColumn("entropy", "Entropy", number=True),
    TableColumn(OFF_CENTRE, "Off centre", number=True),
    TableColumn("inside_box", "In the box", number=True),
    TableColumn("blur_budget", "Must stay sharp", number=True),
    TableColumn("error", "Error"),
)


def show_rows(opened: OpenedSet) -> int | None:
    """Show the pictures that are wanted, a page of them at a time.

    Parameters
    ----------
    opened : OpenedSet
        The set.

    Returns
    -------
    int or None
        Number of the row that the user has just clicked.
    """
    results = opened.results
    columns = [column for column in COLUMNS if _is_known(results, column.name)]
    clicked = clicked_row(opened, _TABLE)
    _sort_by(table_events(_TABLE).sorted, {column.name for column in columns})
    st.html('<h2 class="av-title">All pictures</h2>')
    by, descending = _pick_order(columns)
    group = chosen_group(opened)
    wanted = RowChoice(
        str(st.session_state[_FIND] or ""), Only(st.session_state[_ONLY]), by, descending
    )
    rows = wanted.rows(results.scores, group)
    if group is not None:
        st.button("Leave the group", on_click=leave_group, icon=":material/close:")
    if not len(rows):
        st.caption("No picture fits.")
        return clicked
    among = (opened.key, wanted, None if group is None else group.tobytes())
    shown = page_of(rows, among, _noun(len(rows), group))
    set_table(
        columns,
        [_row(opened, int(number), columns) for number in shown],
        key=_TABLE,
        chosen=_last(opened, clicked),
        by=by,
        descending=descending,
    )
    return clicked


def clicked_row(opened: OpenedSet, table: str) -> int | None:
    """Return the number of the row that was just clicked in a table; it comes from the browser."""
    clicked = table_events(table).opened
    if not clicked.isdecimal() or len(clicked) > _LONGEST_NUMBER:
        return None
    return int(clicked) if int(clicked) < len(opened.results.scores) else None


def _sort_by(header: str, known: set[str]) -> None:
    """Follow a click on a header: ascending first, then descending."""
    if header in known:
        by, descending = st.session_state.get(_SORT, ("", False))
        st.session_state[_SORT] = (header, header == by and not descending)


def _last(opened: OpenedSet, clicked: int | None) -> str:
    """The row that was opened last stays marked."""
    if clicked is not None:
        st.session_state[_ROW] = (opened.key, clicked)
    key, number = st.session_state.get(_ROW, ((), ""))
    return str(number) if key == opened.key else ""


def _pick_order(columns: list[TableColumn]) -> tuple[str, bool]:
    """Let the user find, filter and sort; returns column and direction."""
    orders = _orders(columns)
    _take_link(orders)
    sort: tuple[str, bool] = st.session_state.get(_SORT, ("", False))
    if sort not in orders.values():
        sort = ("", False)
    named = [title for title, one in orders.items() if one == sort or not title.startswith("by ")]
    st.session_state[_ORDER] = next(title for title in named if orders[title] == sort)
    first, second, third = st.columns(3)

    def choose() -> None:
        st.session_state[_SORT] = orders[st.session_state[_ORDER]]

    first.selectbox("Order", named, key=_ORDER, on_change=choose)
    second.text_input(
        "Find", key=_FIND, placeholder="path, group, class or error", max_chars=_LONGEST,
        persist_state="session",
    )  # fmt: skip
    third.selectbox("Only", list(map(str, Only)), key=_ONLY, persist_state="session")
    share(_ORDER, _FIND, _ONLY)
    return sort


def _orders(columns: list[TableColumn]) -> dict[str, tuple[str, bool]]:
    """Column and direction by title: the telling orders, then what a click on a header asks for."""
    known = {column.name for column in columns}
    orders = {_UNSORTED: ("", False)} | {
        one.title: (one.column, one.descending) for one in ORDERS.values() if one.column in known
    }
    for column in columns:
        for descending in (False, True):
            if (column.name, descending) not in orders.values():
                way = "descending" if descending else "ascending"
                orders[f"by {column.title}, {way}"] = (column.name, descending)
    return orders


def _take_link(orders: dict[str, tuple[str, bool]]) -> None:
    """Begin with what the link asks for; it comes from anywhere."""
    if went_back() or _SORT not in st.session_state:
        st.session_state[_SORT] = orders.get(linked(_ORDER) or "", ("", False))
    if _FIND not in st.session_state:
        st.session_state[_FIND] = (linked(_FIND) or "")[:_LONGEST]
    start_choice(_ONLY, list(map(str, Only)))


def _is_known(results: OpenedResults, column: str) -> bool:
    name = "centre_y" if column == OFF_CENTRE else column
    return int(results.scores[name].null_count) < len(results.scores)


def _noun(count: int, group: IntArray | None) -> str:
    of = "" if group is None else f" of a group of {len(group):,}"
    return f"picture{'s' * (count != 1)}{of}"


def _row(opened: OpenedSet, number: int, columns: list[TableColumn]) -> SetRow:
    row = opened.results.row(number)
    if row["centre_y"] is not None and row["centre_x"] is not None:
        row[OFF_CENTRE] = ((row["centre_y"] - 0.5) ** 2 + (row["centre_x"] - 0.5) ** 2) ** 0.5
    cells = tuple(cell_text(column, row.get(column.name)) for column in columns)
    name = base_name(str(row["path"]))
    return SetRow(str(number), name, cells, *small_pictures(opened.key, number, opened))


def cell_text(column: TableColumn, value: Any) -> str:
    """Return what a cell shows: of a path its last two parts, of a number three decimals."""
    if value is None:
        return ""
    if column.number:
        return f"{value:.3f}"
    parts = str(value).replace("\\", "/").split("/")
    return visible("/".join(parts[-2:]) if column.name == "path" else str(value), 300)
