"""Signing in, where the operator asks for it: until then nothing of a page is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAuthError, StreamlitSecretNotFoundError
from streamlit.logger import get_logger

from attnviz.sign_in import SIGN_IN_VARIABLE, SignIn
from attnviz.ui.kit.guard import guarded, plain_text

_DEFAULT = ""  # the one provider of an [auth] without names


def admitted() -> bool:
    """Whether this session may see pages: nobody need sign in, or somebody who may has done so."""
    rules = SignIn.from_environment()
    return not rules.required or (_signed_in() and rules.admits(st.user.to_dict()))


def require_sign_in() -> None:
    """Let whoever has signed in go on to the page; for others the page ends here."""
    with guarded():
        if admitted():
            return
    st.html('<div class="av-head"><h1>attnviz</h1></div>')
    if not _providers():
        get_logger(__name__).error(
            "%s asks for signing in, but the secrets name no provider under [auth].",
            SIGN_IN_VARIABLE,
        )
        st.error("Nobody can sign in here yet: no provider is set up. Tell whoever runs this app.")
    elif _signed_in():
        _refuse(st.user.to_dict())
    else:
        _offer()
    st.stop()


def identity() -> str:
    """Return who has signed in, as the provider counts people; empty where nobody need sign in."""
    if not SignIn.from_environment().required or not _signed_in():
        return ""
    claims = st.user.to_dict()
    return f"{claims.get('iss')} {claims.get('sub')}"


def show_identity() -> None:
    """Say who has signed in, with a button to sign out."""
    if identity():
        claims = st.user.to_dict()
        name = claims.get("email") or claims.get("name") or claims.get("sub")
        st.caption(f"Signed in as {plain_text(str(name))}")
        st.button("Sign out", on_click=st.logout, icon=":material/logout:")


def _offer() -> None:
    st.write("Sign in to see the pages of this app.")
    for name in _providers():
        if st.button(f"Sign in with {name}" if name else "Sign in", type="primary"):
            try:
                st.login(name or None)
            except StreamlitAuthError as error:
                get_logger(__name__).error("Signing in fails: %s", error)
                st.error("Signing in is not set up correctly. Tell whoever runs this app.")


def _refuse(claims: Mapping[str, Any]) -> None:
    address = plain_text(str(claims.get("email") or "This account"))
    st.error(
        f"{address} may not use this app. Ask whoever runs it, or sign in with another address.",
        icon=":material/block:",
    )
    if claims.get("email") and claims.get("email_verified") is not True:
        st.caption("Your provider does not say that this address is verified.")
    st.button("Sign out", on_click=st.logout)


def _signed_in() -> bool:
    return bool(_providers()) and st.user.get("is_logged_in") is True


def _providers() -> list[str]:
    """Names of the providers that the secrets configure; an empty one for that without a name."""
    try:
        auth: Mapping[str, Any] = st.secrets.get("auth") or {}
    except StreamlitSecretNotFoundError:
        return []
    named = [
        name
        for name, settings in auth.items()
        if isinstance(settings, Mapping) and "client_id" in settings
    ]
    return [_DEFAULT, *named] if "client_id" in auth else named
