"""Many rows in pages."""

from __future__ import annotations

from functools import partial

import streamlit as st

from attnviz.types import IntArray

ROWS = 12
_PAGE = "page"


def page_of(rows: IntArray, among: object, noun: str, key: str = "set") -> IntArray:
    """Show which page is seen, and buttons that turn it.

    Parameters
    ----------
    rows : int64 [n]
        All rows, at least one.
    among : object
        What the rows are; where it changes, the first page is shown.
    noun : str
        What is counted.
    key : str
        Prefix of the keys.

    Returns
    -------
    int64 [k]
        The rows of the page.
    """
    place = f"{key} {_PAGE}"
    before, page = st.session_state.get(place, (None, 0))
    last = (len(rows) - 1) // ROWS
    page = min(page, last) if before == among else 0
    st.session_state[place] = (among, page)

    def turn(to: int) -> None:
        st.session_state[place] = (among, to)

    with st.container(horizontal=True, vertical_alignment="center"):
        for title, icon, to in (
            ("Previous", "chevron_left", page - 1),
            ("Next", "chevron_right", page + 1),
        ):
            st.button(
                title, icon=f":material/{icon}:", key=f"{place} {icon}",
                disabled=not 0 <= to <= last, on_click=partial(turn, to),
            )  # fmt: skip
        first = page * ROWS
        shown = rows[first : first + ROWS]
        st.markdown(f"{first + 1:,} to {first + len(shown):,} of {len(rows):,} {noun}")
    return shown
