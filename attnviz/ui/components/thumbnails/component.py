"""Mounts the row on a page and returns a click as a key."""

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

    It is a group of radio buttons: arrow keys, Home and End choose as a click does, and screen
    readers read each name. The row scrolls sideways if it does not fit.

    Parameters
    ----------
    items : sequence of Thumbnail
        Thumbnails in the order of the row, with distinct keys.
    chosen : str
        Key of the outlined thumbnail; empty for none.
    key : str
        Key of the widget, unique on its page.

    Returns
    -------
    str | None
        The key that the user has just picked, in the run that the click causes; otherwise None.
        Keys that are not in the row (of a picture removed in the meantime) are ignored.

    Raises
    ------
    ValueError
        If two items have the same key, or `chosen` is given and none has it.
    """
    picked = _picked(key)
    if picked not in {item.key for item in items}:
        picked = None
    _ROW(key=key, data=pack(items, picked or chosen), on_picked_change=no_op, height="content")
    return picked


def _picked(key: str) -> str | None:
    """Read the click before the row is drawn, so that it is drawn only once."""
    answer = st.session_state.get(key)
    return None if answer is None else answer.get("picked")
