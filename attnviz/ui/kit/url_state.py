"""Initial values of widgets, and the choices that a page's link contains.

Two things survive a page change: values in `st.session_state` that belong to no widget, and those
of widgets with `persist_state="session"`. A reload discards the session; choices that should
survive it are written into the page's address.

Streamlit's own `bind="query-params"` does not fit here. It writes a choice's displayed title into
the link (`?model=ViT-B/16 · 346 MB`) instead of its short and stable name, drops values that equal
the current default, works only for widgets (not for the row of pictures and the viewer), and allows
no other code to write its parameters.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from attnviz.ui.components.viewer.view import View

_VIEW = "viewer controls"
_WRITTEN = "written link"


def linked(key: str) -> str | None:
    """Return the value of `key` in the page's link, which is untrusted."""
    value: str | None = st.query_params.get(key)
    return value


def start_value(key: str, default: str | float | list[str]) -> None:
    """Set the initial value of a widget; a link cannot choose it.

    Parameters
    ----------
    key : str
        Key of the widget. Its value survives page changes if the widget has
        `persist_state="session"`.
    default : str, float or list of str
        The initial value.
    """
    st.session_state.setdefault(key, default)


def start_choice(key: str, options: Collection[str], default: str | None = None) -> None:
    """Set the choice of a widget: that of this session, or the link's, or `default`.

    Parameters
    ----------
    key : str
        Key of the widget; see `start_value`.
    options : collection of str
        The options. A choice that is no longer among them is replaced.
    default : str, optional
        The default choice; the first option if None or not among the options.
    """
    if st.session_state.get(key) in options:
        return
    first = default if default in options else next(iter(options))
    value = linked(key) if key not in st.session_state else None
    st.session_state[key] = value if value in options else first


def share(*keys: str, **values: str) -> None:
    """Write choices into the page's link, replacing its content.

    Parameters
    ----------
    *keys : str
        Keys of `st.session_state` whose values are written.
    **values : str
        Further values by their names in the link.

    Notes
    -----
    Empty values are left out. Paths are never shared: a link must not choose which files are read.
    """
    _write(_texts(keys) | {name: text for name, text in values.items() if text})


def current_view() -> View:
    """Return the viewer's controls as last used in this session, or else those of the link.

    The browser's Back button restores an older link, and with it the controls in that link.
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
    """Store the viewer's controls, and write them into the link with the choices of `keys`.

    Parameters
    ----------
    view : View
        The controls.
    *keys : str
        Keys of `st.session_state` whose values are written.

    Notes
    -----
    Unknown parameters of the link are retained.
    """
    st.session_state[_VIEW] = view
    names = {*view.to_json(), *map(str, st.session_state)}
    others = {name: t for name, t in st.query_params.to_dict().items() if name not in names}
    _write(others | _texts(keys) | view.to_query())


def _texts(keys: Collection[str]) -> dict[str, str]:
    """Values of these keys in the session, without empty ones."""
    texts = {key: str(st.session_state.get(key) or "") for key in keys}
    return {key: text for key, text in texts.items() if text}


def _write(link: dict[str, str]) -> None:
    """Write the link in one message to the browser; send none if it is unchanged."""
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
    st.session_state[_WRITTEN] = link
