"""Who is visiting: a random token, in a cookie, by which a reload finds the visitor's photos.

The token names nobody, is never part of a link, and goes when the browser is closed. Browsers that
keep no cookies have one for each session of the app.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.ui.components.browser import show_browser
from attnviz.ui.kit.photo_store import PHOTOS

COOKIE = "attnviz-visitor"
_VISITOR = "visitor token"
_BROWSER = "browser"
_TABS: dict[str, str] = {}  # visitor of each session
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def visitor() -> str:
    """Return the token of this session's visitor: from the cookie, or else a new one."""
    if _VISITOR not in st.session_state:
        st.session_state[_VISITOR] = _token(st.context.cookies.get(COOKIE)) or new_token()
    token: str = st.session_state[_VISITOR]
    return token


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def know_visitor() -> None:
    """Make the browser remember the visitor, and the server whose tab this is."""
    context = get_script_run_ctx()
    if context is not None:
        _TABS[context.session_id] = visitor()
    with st.container(key="av-browser"):
        show_browser(COOKIE, visitor(), key=_BROWSER, on_known=_join)


def visitors_of(is_open: Callable[[str], bool]) -> set[str]:
    """Return the visitors who have a tab open, and forget the tabs that are closed.

    Parameters
    ----------
    is_open : callable
        Whether the tab of a session is connected.
    """
    for session in [session for session in list(_TABS) if not is_open(session)]:
        _TABS.pop(session, None)
    return set(_TABS.values())


def _join() -> None:
    """Follow the token that the browser already has: another window opened at the same time."""
    known = _token(st.session_state[_BROWSER].get("known"))
    if known is not None and known != visitor():
        PHOTOS.move(visitor(), known)
        st.session_state[_VISITOR] = known


def _token(text: object) -> str | None:
    """The text, if it can be a token."""
    return text if isinstance(text, str) and _TOKEN.fullmatch(text) else None
