"""What a page is about, kept through page changes and reloads: in the session and in the address.

Streamlit forgets a widget's value when its page is left, and everything on a reload. The choices
are therefore kept beside the widgets, and written into the page's address, which can be shared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from attnviz.ui.viewer.view import View

_KEPT = "kept"
_VIEW = "kept view"


def restore(key: str, known: Collection[str]) -> None:
    """Give the widget `key` the value it had in this session, or else the one in the address.

    A widget that has a value is left alone, and so is one whose old value is no longer `known`.
    """
    if key in st.session_state:
        return
    value = _kept().get(key, st.query_params.get(key))
    if value in known:
        st.session_state[key] = value


def keep(**choices: str) -> None:
    """Remember choices, and write them into the address."""
    _kept().update(choices)
    _write(choices)


def kept_view() -> View:
    """The viewer's controls as they were left, or as the address says."""
    if _VIEW not in st.session_state:
        st.session_state[_VIEW] = View.from_untrusted(st.query_params.to_dict())
    view: View = st.session_state[_VIEW]
    return view


def keep_view(view: View) -> None:
    """Remember the viewer's controls, and write what differs from the defaults into the address."""
    st.session_state[_VIEW] = view
    wanted = view.to_query()
    for name in view.to_json():
        if name not in wanted and name in st.query_params:
            del st.query_params[name]
    _write(wanted)


def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = st.session_state.setdefault(_KEPT, {})
    return kept


def _write(values: Mapping[str, str]) -> None:
    """Every write is a message to the browser, so nothing is written that is there already."""
    for name, value in values.items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value
