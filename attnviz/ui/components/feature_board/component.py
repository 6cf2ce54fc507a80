"""Mounts the board on a page; it sends nothing back."""

from __future__ import annotations

from pathlib import Path

from attnviz.ui.components.base.component import register
from attnviz.viewer.bundle import colour_tables

FOLDER = Path(__file__).resolve().parent
_MOUNT = register(
    "attnviz.feature_board",
    FOLDER,
    html="board.html",
    css="board.css",
    assets={"heat": colour_tables("inferno")},
)


def show_board(blob: bytes, *, key: str) -> None:
    """Show packed pictures; unchanged bytes are not sent again.

    Parameters
    ----------
    blob : bytes
        From `pack`.
    key : str
        Key of the widget, unique on its page.
    """
    _MOUNT(key=key, data=blob, height="content")
