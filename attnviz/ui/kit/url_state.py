"""What a page is about, kept through page changes and reloads: in the session and in the address.

Streamlit forgets a widget's value when its page is left, and everything on a reload. The choices
are therefore kept beside the widgets, and written into the page's address, which can be shared. The
browser's Back button brings an older address, and with it the view that it stands for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import streamlit as st

from attnviz.ui.components.viewer.view import View

# What a widget may hold beside a text: numbers, and lists of names.
Value = str | float | list[str]

_KEPT = "kept"
_VALUES = "kept values"
_VIEW = "kept view"
_WRITTEN = "written address"


def restore(key: str, known: Collection[str]) -> None:
    """Give the widget `key` the value it had in this session, or else the one in the address.

    A widget that has a value is left alone, and so is one whose old value is no longer `known`.
    """
    if key in st.session_state:
        return
    value = kept_choice(key)
    if value in known:
        st.session_state[key] = value


def kept_choice(key: str) -> str | None:
    """The choice `key` as it was kept in this session, or else as the address has it."""
    value: str | None = _kept().get(key, st.query_params.get(key))
    return value


def keep(**choices: str) -> None:
    """Remember choices; `keep_view` and `share_choices` write them into the address."""
    _kept().update(choices)


def restore_value(key: str, first: Value) -> None:
    """Give the widget `key` the value it had in this session, or else `first`.

    For what does not belong into the address: numbers and lists, and what no link shall choose.
    """
    if key not in st.session_state:
        st.session_state[key] = _values().get(key, first)


def keep_value(key: str, value: Value) -> None:
    """Remember a value for `restore_value`."""
    _values()[key] = value


def kept_view() -> View:
    """The viewer's controls as they were left, or as the address says."""
    address = st.query_params.to_dict()
    written = st.session_state.get(_WRITTEN)
    names = View().to_json()
    gone_back = written is not None and any(address.get(n) != written.get(n) for n in names)
    if _VIEW not in st.session_state or (gone_back and address):
        st.session_state[_VIEW] = View.from_untrusted(address)
    view: View = st.session_state[_VIEW]
    return view


def keep_view(view: View, *keys: str) -> None:
    """Remember the viewer's controls, and bring the address in line with them and these choices.

    What differs from the defaults is written, in one message, and only if it is not there already.
    Choices of other pages are left out.
    """
    st.session_state[_VIEW] = view
    names = {*view.to_json(), *_kept()}
    others = {k: v for k, v in st.query_params.to_dict().items() if k not in names}
    wanted = others | _shared(keys) | view.to_query()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
    st.session_state[_WRITTEN] = wanted


def share_choices(*keys: str) -> None:
    """Write these choices alone into the address, for a page that has no view of its own there.

    Choices that are empty are left out.
    """
    wanted = _shared(keys)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
    st.session_state[_WRITTEN] = wanted


def _shared(keys: Collection[str]) -> dict[str, str]:
    """Those of the kept choices that are named and not empty."""
    return {key: value for key, value in _kept().items() if key in keys and value}


def _values() -> dict[str, Value]:
    values: dict[str, Value] = st.session_state.setdefault(_VALUES, {})
    return values


def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = st.session_state.setdefault(_KEPT, {})
    return kept


def restore_choice(key: str, options: Sequence[str], first: str | None = None) -> None:
    """Give a widget the choice it had when the page was left, or the one in the page's address.

    If there is none, or it is no option any more: `first`, or the first option. Streamlit forgets a
    widget's value when its page is left.
    """
    if st.session_state.get(key) not in options:
        before = kept_choice(key)
        st.session_state[key] = before if before in options else first or options[0]


def keep_choice(key: str, value: str) -> None:
    """Remember a choice for `restore_choice`."""
    keep(**{key: value})
