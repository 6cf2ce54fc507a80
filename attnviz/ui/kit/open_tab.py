"""What this app and the tab that shows it tell each other, on every page."""

from __future__ import annotations

import streamlit as st

from attnviz.ui.components.browser import BrowserFacts, show_browser
from attnviz.ui.kit.restart import SERVER, kept_kinds, take_loss
from attnviz.ui.kit.visitor import COOKIE, join, note_tab, session_token

_KEY = "browser"


def know_tab(*, admitted: bool) -> None:
    """Make the browser remember the visitor, this server, and the link of who has yet to sign in.

    Parameters
    ----------
    admitted : bool
        Whether the visitor may see pages.
    """
    note_tab()
    kept = kept_kinds() if admitted else ()
    with st.container(key="av-browser"):
        show_browser(
            BrowserFacts(COOKIE, session_token(), SERVER, kept, admitted),
            key=_KEY,
            on_known=lambda: join(st.session_state[_KEY].get("known")),
            on_lost=lambda: take_loss(st.session_state[_KEY].get("lost")),
        )
