"""The row on the page: registers the component, and hands a click back as a key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from attnviz.ui.components.base.component import no_op, register
from attnviz.ui.components.thumbnails.packing import Thumbnail, pack

FOLDER = Path(__file__).resolve().parent
_ROW = register("attnviz.thumbnails", FOLDER, html="row.html", css="row.css")


def pick_thumbnail(items: Sequence[Thumbnail], chosen: str, key: str) -> str | None:
    """Show a row of thumbnails with one of them outlined.

    It is a group of radio buttons: arrow keys, Home and End choose as a click does, and a screen
    reader reads each name. The row scrolls sideways where it does not fit.

    Parameters
    ----------
    items
        What to choose from, in this order, with keys that differ.
    chosen
        Key of the outlined one.
    key
        The component's own key, one for each row of a page.

    Returns
    -------
    str | None
        The key that the user has just picked, in the one run that this causes; else None. Keys that
        are not in the row (of a picture that has been removed meanwhile) are ignored.

    Raises
    ------
    ValueError
        Two items have the same key, or `chosen` is none of them.
    """
    picked = _picked(key)
    if picked not in {item.key for item in items}:
        picked = None
    _ROW(key=key, data=pack(items, picked or chosen), on_picked_change=no_op, height="content")
    return picked


def _picked(key: str) -> str | None:
    """The click that caused this run, known before the row is drawn: so it is drawn only once."""
    answer = st.session_state.get(key)
    return None if answer is None else answer.get("picked")
