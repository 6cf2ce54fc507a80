"""Who is visiting: a random token, in a cookie, by which a reload finds the visitor's photos.

The token names nobody, is never part of a link, and goes when the browser is closed. Browsers that
keep no cookies have one for each session of the app. Where people sign in, a visitor is a token and
who has signed in: whoever does so next in the same browser is another visitor.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Collection

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.ui.kit.photo_store import PHOTOS
from attnviz.ui.kit.sign_in import identity

COOKIE = "attnviz-visitor"
_VISITOR = "visitor token"
_TABS: dict[str, tuple[str, str]] = {}  # visitor of each session, and who has signed in to it
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def visitor() -> str:
    """Return what this session's visitor is known by; what is kept is found by it alone."""
    return _visitor(session_token())


def _visitor(token: str) -> str:
    """What a token stands for, together with who has signed in."""
    who = identity()
    return hashlib.sha256(f"{token} {who}".encode()).hexdigest() if who else token


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def note_tab() -> None:
    """Remember whose tab this session is."""
    context = get_script_run_ctx()
    if context is not None:
        _TABS[context.session_id] = visitor(), identity()


def person_of(session: str) -> str:
    """Return who has signed in to a session; empty for nobody, or before its first page."""
    _, person = _TABS.get(session, ("", ""))
    return person


def visitors_of(is_open: Callable[[str], bool], holding: Collection[str] = ()) -> set[str]:
    """Return the visitors who have a tab open, and forget the tabs that are closed.

    Parameters
    ----------
    is_open : callable
        Whether the tab of a session is connected.
    holding : collection of str
        Sessions whose files are still here: they count for somebody, also once the tab is closed.
    """
    closed = {session for session in list(_TABS) if not is_open(session)}
    for session in closed.difference(holding):
        _TABS.pop(session, None)
    return {one for session, (one, _) in list(_TABS.items()) if session not in closed}


def session_token() -> str:
    """Return the token of this session: from the cookie, or else a new one."""
    if _VISITOR not in st.session_state:
        st.session_state[_VISITOR] = _token(st.context.cookies.get(COOKIE)) or new_token()
    token: str = st.session_state[_VISITOR]
    return token


def join(told: object) -> None:
    """Follow the token that the browser already has: another window opened at the same time.

    Parameters
    ----------
    told : object
        What the browser says, which may be anything.
    """
    known = _token(told)
    if known is not None and known != session_token():
        PHOTOS.move(visitor(), _visitor(known))
        st.session_state[_VISITOR] = known


def _token(text: object) -> str | None:
    """The text, if it can be a token."""
    return text if isinstance(text, str) and _TOKEN.fullmatch(text) else None
