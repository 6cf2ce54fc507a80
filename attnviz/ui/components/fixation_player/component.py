"""The picture with its viewers on the page: it is sent what it shows, and tells nothing back."""

from __future__ import annotations

from pathlib import Path

from attnviz.ui.components.base.component import register

FOLDER = Path(__file__).resolve().parent
_MOUNT = register("attnviz.fixation_player", FOLDER, html="gaze.html", css="gaze.css")


def show_gaze(blob: bytes, *, key: str) -> None:
    """Show a packed picture; playing, scrubbing and choosing a viewer ask the server nothing.

    Parameters
    ----------
    blob
        From `pack`.
    key
        Key of the widget; unique on its page.
    """
    _MOUNT(key=key, data=blob, height="content")
