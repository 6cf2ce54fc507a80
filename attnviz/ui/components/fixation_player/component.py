"""The picture with its viewers on the page: it is sent what it shows, and tells nothing back."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from attnviz.ui.components.base.bundle import bundled

FOLDER = Path(__file__).resolve().parent
_MOUNT = st.components.v2.component(
    "attnviz.people",
    html=(FOLDER / "gaze.html").read_text(encoding="utf-8"),
    css=(FOLDER / "gaze.css").read_text(encoding="utf-8"),
    js=bundled(FOLDER, {}),
)


def show_gaze(blob: bytes, *, key: str) -> None:
    """Show a packed picture; playing, scrubbing and choosing a viewer ask the server nothing.

    Args:
        blob: from `pack`.
        key: of the widget; one for each stage on a page.
    """
    _MOUNT(key=key, data=blob, height="content")
