"""Initial values of widgets, and the choices that a page's link contains.

Two things survive a page change: values in `st.session_state` that belong to no widget, and those
of widgets with `persist_state="session"`. A reload discards the session; choices that should
survive it are written into the page's address.

Streamlit's own `bind="query-params"` does not fit here. It writes a choice's displayed title into
the link (`?model=ViT-B/16 · 346 MB`) instead of its short and stable name, drops values that equal
the current default, works only for widgets (not for the row of pictures and the viewer), and allows
no other code to write its parameters.

The Back button brings an earlier address. `restore_link` forgets the session's values of the
choices that links contain, so that every picker starts again from the address.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.viewer.view import View

_VIEW = "viewer controls"
_SHARED = "shared choices"
_RETURNS = "returns"


def restore_link() -> None:
    """Take the choices from the address if the Back or Forward button has brought it.

    Called before the page's widgets.
    """
    if went_back():
        for key in st.session_state.get(_SHARED, ()):
            st.session_state.pop(key, None)
        st.session_state[_RETURNS] = returns() + 1


def went_back() -> bool:
    """Whether the Back or Forward button causes this run of the page."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def returns() -> int:
    """Return how often Back or Forward was used; a viewer adopts its view again when it changes."""
    count: int = st.session_state.get(_RETURNS, 0)
    return count


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


def show_titles(key: str, titles: Mapping[str, str]) -> None:
    """Make the browser show a chosen option under its new title, if titles have changed.

    Parameters
    ----------
    key : str
        Key of a select box, whose choice was set by `start_choice`.
    titles : mapping of str to str
        Titles by option.

    Notes
    -----
    A select box with a key keeps the title that it has shown, unless its choice is set anew.
    """
    shown = f"{key} titles"
    if st.session_state.get(shown) != titles:
        st.session_state[shown] = dict(titles)
        st.session_state[key] = st.session_state[key]


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
    _remember(keys, values)
    _write(_texts(keys) | {name: text for name, text in values.items() if text})


def current_view() -> View:
    """Return the viewer's controls as last used in this session, or else those of the link."""
    if _VIEW not in st.session_state or went_back():
        st.session_state[_VIEW] = View.from_untrusted(st.query_params.to_dict())
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
    _remember(keys, view.to_query())
    names = {*view.to_json(), *map(str, st.session_state)}
    others = {name: t for name, t in st.query_params.to_dict().items() if name not in names}
    _write(others | _texts(keys) | view.to_query())


def _texts(keys: Collection[str]) -> dict[str, str]:
    """Values of these keys in the session, without empty ones."""
    texts = {key: str(st.session_state.get(key) or "") for key in keys}
    return {key: text for key, text in texts.items() if text}


def _remember(*keys: Collection[str]) -> None:
    """Remember which choices links contain."""
    shared: set[str] = st.session_state.setdefault(_SHARED, set())
    shared.update(*keys)


def _write(link: dict[str, str]) -> None:
    """Write the link in one message to the browser; send none if it is unchanged."""
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
