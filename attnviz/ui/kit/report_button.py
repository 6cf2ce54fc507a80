"""The button that saves a report, the same on every page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from attnviz.export.base import ExportSource
from attnviz.export.report_page.page import report_page


def report_button(sources: Callable[[], Sequence[ExportSource]], stem: str, *, key: str) -> None:
    """Show a button that saves what a page shows as one HTML file.

    Parameters
    ----------
    sources : callable
        Returns photos with their maps; called when the button is clicked.
    stem : str
        Beginning of the file's name.
    key : str
        Of the button, unique on its page.
    """
    st.download_button(
        "Save as a report",
        data=lambda: report_page(sources()),
        file_name=f"{stem}-report.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/article:",
        help="One file with the live viewer, for anybody with a browser; it prints on A4.",
        key=key,
    )
