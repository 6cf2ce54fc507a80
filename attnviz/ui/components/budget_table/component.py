"""The table on the page: it is sent what it shows, and tells nothing back."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from attnviz.ui.components.base.bundle import bundled

FOLDER = Path(__file__).resolve().parent
_MOUNT = st.components.v2.component(
    "attnviz.budget",
    html=(FOLDER / "budget.html").read_text(encoding="utf-8"),
    css=(FOLDER / "budget.css").read_text(encoding="utf-8"),
    js=bundled(FOLDER, {}),
)


def show_budget(blob: bytes, *, key: str) -> None:
    """Show a packed budget; the same bytes are not sent again.

    Args:
        blob: from `pack`.
        key: of the widget; one for each table on a page.
    """
    _MOUNT(key=key, data=blob, height="content")
