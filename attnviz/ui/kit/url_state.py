"""Where widgets begin, and what of a page its link carries.

Two things survive a page change: values in `st.session_state` that belong to no widget, and those
of widgets with `persist_state="session"`. A reload forgets the session; what a link shall bring
back is written into the page's address.

Streamlit's own `bind="query-params"` does not fit here. It writes a choice's displayed title into
the link (`?model=ViT-B/16 · 346 MB`) where a name is stable and short, drops a value that happens
to be the default today, knows widgets alone (the row of pictures and the viewer are none), and
refuses every other writer of its parameters.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from attnviz.ui.components.viewer.view import View

_VIEW = "viewer controls"
_WRITTEN = "written link"


def linked(key: str) -> str | None:
    """Return what the page's link says for `key`; anybody may have written it."""
    value: str | None = st.query_params.get(key)
    return value


def start_value(key: str, default: str | float | list[str]) -> None:
    """Give the widget `key` its first value; no link can choose it.

    Parameters
    ----------
    key
        The widget's key. It keeps its value through page changes if it was made with
        `persist_state="session"`.
    default
        What it holds until the user changes it.
    """
    st.session_state.setdefault(key, default)


def start_choice(key: str, options: Collection[str], default: str | None = None) -> None:
    """Give the widget `key` a choice: its own of this session, or the link's, or `default`.

    Parameters
    ----------
    key
        The widget's key; see `start_value`.
    options
        What can be chosen. A choice that is no option any more is replaced.
    default
        The first choice; the first option if it is None or no option.
    """
    if st.session_state.get(key) in options:
        return
    first = default if default in options else next(iter(options))
    value = linked(key) if key not in st.session_state else None
    st.session_state[key] = value if value in options else first


def share(*keys: str, **values: str) -> None:
    """Write choices into the page's link, in place of what it holds.

    Parameters
    ----------
    keys
        Keys of `st.session_state` whose texts the link carries.
    values
        Further texts, by their names in the link.

    Notes
    -----
    Empty texts are left out. A path is never shared: a link must not choose what is read.
    """
    _write(_texts(keys) | {name: text for name, text in values.items() if text})


def current_view() -> View:
    """Return the viewer's controls as they were left, or as the link says.

    The browser's Back button brings an older link, and with it the controls that it holds.
    """
    link = st.query_params.to_dict()
    written = st.session_state.get(_WRITTEN)
    names = View().to_json()
    went_back = written is not None and any(link.get(n) != written.get(n) for n in names)
    if _VIEW not in st.session_state or (went_back and link):
        st.session_state[_VIEW] = View.from_untrusted(link)
    view: View = st.session_state[_VIEW]
    return view


def share_view(view: View, *keys: str) -> None:
    """Remember the viewer's controls, and write them and the choices of `keys` into the link.

    Parameters that are none of ours stay in it.
    """
    st.session_state[_VIEW] = view
    names = {*view.to_json(), *map(str, st.session_state)}
    others = {name: t for name, t in st.query_params.to_dict().items() if name not in names}
    _write(others | _texts(keys) | view.to_query())


def _texts(keys: Collection[str]) -> dict[str, str]:
    """What the session holds at these keys, without what is empty."""
    texts = {key: str(st.session_state.get(key) or "") for key in keys}
    return {key: text for key, text in texts.items() if text}


def _write(link: dict[str, str]) -> None:
    """Write the link in one message to the browser, and none if it is there already."""
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
    st.session_state[_WRITTEN] = link
