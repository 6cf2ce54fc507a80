"""Mounts the component; it shows nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from attnviz.ui.components.base.component import no_op, register
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


@dataclass(frozen=True)
class BrowserFacts:
    """What the browser is told.

    Attributes
    ----------
    cookie : str
        Name of the visitor's cookie.
    token : str
        Its value. A browser that has another one keeps that, and tells it.
    server : str
        What tells this server from one that is started later.
    kept : tuple of str
        Kinds of things that the server keeps for the visitor, and that go with it.
    admitted : bool
        Whether pages are shown; if not, the browser comes back to this link when they are.
    """

    cookie: str
    token: str
    server: str = ""
    kept: tuple[str, ...] = ()
    admitted: bool = True


def show_browser(
    facts: BrowserFacts, *, key: str, on_known: Callable[[], None], on_lost: Callable[[], None]
) -> None:
    """Set the visitor's cookie, and let the Back button go one choice back.

    When a lost connection is back, the page is run again.

    Parameters
    ----------
    facts : BrowserFacts
        What the browser is told.
    key : str
        Key of the widget.
    on_known : callable
        Called when the browser has another token, with it in ``st.session_state[key]["known"]``.
    on_lost : callable
        Called when another server answered before, with what that one kept in
        ``st.session_state[key]["lost"]``.
    """
    _MOUNT(
        key=key,
        data=pack_blob(asdict(facts), {}),
        on_known_change=on_known,
        on_lost_change=on_lost,
        on_reconnected_change=no_op,
        height="content",
    )
