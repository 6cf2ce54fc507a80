"""Mounts the table on a page; it sends nothing back."""

from __future__ import annotations

from pathlib import Path

from attnviz.ui.components.base.component import register

FOLDER = Path(__file__).resolve().parent
_MOUNT = register("attnviz.budget_table", FOLDER, html="budget.html", css="budget.css")


def show_budget(blob: bytes, *, key: str) -> None:
    """Show a packed budget; unchanged bytes are not sent again.

    Parameters
    ----------
    blob : bytes
        From `pack`.
    key : str
        Key of the widget, unique on its page.
    """
    _MOUNT(key=key, data=blob, height="content")
