"""Mounts the component; it shows nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attnviz.ui.components.base.component import register
from attnviz.viewer.blob import pack_blob

FOLDER = Path(__file__).resolve().parent

ALWAYS = ("picture", "model", "look", "evidence", "run")
"""Choices that the link of a page always contains, if the page has them; each is a step back."""
OPTIONAL = ("target", "size", "compare models", "compare looks", "compare more", "compare class")
"""Choices that are left out of the link while they are the default; steps too."""

_STEPS = {"always": ALWAYS, "optional": OPTIONAL}
_MOUNT = register(
    "attnviz.browser", FOLDER, html="browser.html", css="browser.css", assets={"steps": _STEPS}
)


def show_browser(cookie: str, token: str, *, key: str, on_known: Callable[[], None]) -> None:
    """Set the visitor's cookie, and let the Back button go one choice back.

    Parameters
    ----------
    cookie : str
        Name of the cookie.
    token : str
        Its value. A browser that has another one keeps that, and tells it.
    key : str
        Key of the widget.
    on_known : callable
        Called when the browser has another value, with it in ``st.session_state[key]["known"]``.
    """
    _MOUNT(
        key=key,
        data=pack_blob({"cookie": cookie, "token": token}, {}),
        on_known_change=on_known,
        height="content",
    )
