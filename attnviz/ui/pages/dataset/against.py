"""Two networks over the same pictures: where they disagree, and where they look elsewhere."""

from __future__ import annotations

import numpy as np
import streamlit as st

from attnviz.batch.disagreements import Disagreement, SetComparison, compare_sets
from attnviz.batch.set_findings import findings_of
from attnviz.errors import OutputError
from attnviz.pictures.names import base_name, visible
from attnviz.ui.components.set_table import SetRow, TableColumn, set_table
from attnviz.ui.kit.findings import show_verdict
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.pages.dataset.paging import page_of
from attnviz.ui.pages.dataset.results import OpenedSet, known_results, opened_set
from attnviz.ui.pages.dataset.small import small_pictures
from attnviz.ui.pages.dataset.table import clicked_row

_OTHER, _TABLE = "set other", "set against table"
_NOTHING = ""
COLUMNS = (
    TableColumn("path", "Picture"),
    TableColumn("top", "This network"),
    TableColumn("other_top", "The other"),
    TableColumn("overlap", "In common", number=True),
    TableColumn("correlation", "Rank correlation", number=True),
)


def show_against(opened: OpenedSet) -> int | None:
    """Let the user choose other results, and show in which pictures the networks disagree.

    Parameters
    ----------
    opened : OpenedSet
        The set.

    Returns
    -------
    int or None
        Number of the row that the user has just clicked.
    """
    others = {
        path: title
        for path, title in known_results().items()
        if path != str(opened.results.folder.path)
    }
    if not others:
        return None
    st.html('<h2 class="av-title">Against another network</h2>')
    titles = {_NOTHING: "Nothing", **others}
    if st.session_state.get(_OTHER) not in titles:
        st.session_state[_OTHER] = _NOTHING
    chosen = str(
        st.selectbox(
            "Compare with", list(titles), format_func=titles.__getitem__, key=_OTHER,
            persist_state="session",
            help="Results of another network, or of another method, over the same pictures.",
        )
    )  # fmt: skip
    if chosen == _NOTHING:
        return None
    try:
        other = opened_set(chosen, titles[chosen])
        compared = _compared(opened, other)
    except OutputError as error:
        show_error(error)
        return None
    return None if compared is None else _show(opened, other, compared)


def _compared(opened: OpenedSet, other: OpenedSet) -> SetComparison | None:
    return long_work(
        "set against",
        (*opened.key, *other.key),
        lambda: "The maps of both are compared, picture by picture.",
        lambda progress: compare_sets(opened.results.folder, other.results.folder, progress),
        button="Compare",
        unit="pictures",
        at_once=True,
    )


def _show(opened: OpenedSet, other: OpenedSet, compared: SetComparison) -> int | None:
    clicked = clicked_row(opened, _TABLE)
    first, second = compared.names
    for finding in findings_of({"against": compared.summary()}):
        show_verdict(finding.text)
    st.caption(
        f"Left {plain_text(first)}, right {plain_text(second)}. Disagreements come first, and "
        "among them the pictures in which both look at the least in common."
    )
    rows = np.arange(len(compared.rows))
    shown = page_of(rows, (opened.key, other.key), "pictures", "set against")
    set_table(
        COLUMNS,
        [_row(opened, other, compared.rows[int(number)]) for number in shown],
        key=_TABLE,
        chosen="" if clicked is None else str(clicked),
    )
    return clicked


def _row(opened: OpenedSet, other: OpenedSet, row: Disagreement) -> SetRow:
    _, focus = small_pictures(opened.key, row.index, opened)
    _, other_focus = small_pictures(other.key, row.other, other)
    name = base_name(row.path)
    cells = (
        name,
        _class(row.top, row.probability),
        _class(row.other_top, row.other_probability),
        "" if row.overlap is None else f"{100 * row.overlap:.0f} %",
        "" if row.correlation is None else f"{row.correlation:.2f}",
    )
    return SetRow(str(row.index), name, cells, focus, other_focus)


def _class(label: str | None, probability: float | None) -> str:
    if label is None:
        return ""
    chance = "" if probability is None else f" {probability:.2f}"
    return visible(label) + chance
