"""Mounts the fixation player on a page; it sends nothing back."""

from __future__ import annotations

from pathlib import Path

from attnviz.ui.components.base.component import register

FOLDER = Path(__file__).resolve().parent
_MOUNT = register("attnviz.fixation_player", FOLDER, html="gaze.html", css="gaze.css")


def show_gaze(blob: bytes, *, key: str) -> None:
    """Show a packed picture; playing, scrubbing and choosing a viewer need no server.

    Parameters
    ----------
    blob : bytes
        From `pack`.
    key : str
        Key of the widget, unique on its page.
    """
    _MOUNT(key=key, data=blob, height="content")
