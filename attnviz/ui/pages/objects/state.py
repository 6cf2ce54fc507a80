"""The choices of the page "Objects" in the session and in the link."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from attnviz.ui.components.viewer import Mode, View
from attnviz.ui.kit.pickers import PICKER_KEYS
from attnviz.ui.kit.url_state import linked, returns, share, went_back
from attnviz.ui.pages.objects.cache import PhotoClasses
from attnviz.ui.pages.objects.choices import ObjectChoices

VIEWER = "objects viewer"
TOGETHER = "all objects together"
_VIEW = f"{VIEWER} view"
_MEMORY = "objects memory"
_TURN = "objects turn"
_IN_FOCUS = "focus"


def choices_of(seen: PhotoClasses) -> ObjectChoices:
    """Return the choices for this picture and network.

    Initially those of the link, or else the likeliest classes.
    """
    memory: dict[tuple[str, ...], ObjectChoices] = st.session_state.setdefault(_MEMORY, {})
    if seen.key not in memory or went_back():
        link = {name: linked(name) or "" for name in ObjectChoices().to_query()}
        first = None if memory and not went_back() else ObjectChoices.from_query(link, seen.chances)
        memory[seen.key] = first or ObjectChoices.first(seen.chances)
    return memory[seen.key]


def choose(seen: PhotoClasses, choices: ObjectChoices) -> None:
    """Store the choices."""
    st.session_state[_MEMORY][seen.key] = choices


def share_choices(choices: ObjectChoices) -> None:
    """Write picture, model, choices and the object in focus into the page's link."""
    share_focus(**choices.to_query())


def viewer_view() -> View:
    """Return the viewer's controls as last used; initially bokeh."""
    if _VIEW not in st.session_state or went_back():
        view: View = st.session_state.get(_VIEW, View(mode=Mode.BOKEH))
        st.session_state[_VIEW] = view.at(linked(_IN_FOCUS) or "")
    kept: View = st.session_state[_VIEW]
    return kept


def share_focus(*keys: str, **values: str) -> None:
    """Write picture, model, the object in focus, and other choices into the page's link.

    Parameters
    ----------
    *keys : str
        Choices whose values are in the session.
    **values : str
        Choices with their values.
    """
    share(*PICKER_KEYS, *keys, **values, **{_IN_FOCUS: in_focus()})


def keep_outlines() -> None:
    """Follow the outlines of objects until the visitor chooses otherwise."""
    view = viewer_view()
    if view.outline is None:
        st.session_state[_VIEW] = replace(view, outline=True)


def in_focus() -> str:
    """Return the name of the map that the viewer shows."""
    return viewer_view().layer


def move_focus(name: str, outline: bool | None = None) -> None:
    """Make the viewer show another object, and follow its outline or not, if that is given."""
    view = replace(viewer_view(), layer=name)
    st.session_state[_VIEW] = view if outline is None else replace(view, outline=outline)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def focus_moves() -> int:
    """Return how often the focus was moved; the viewer adopts the view when it changes."""
    turns: int = st.session_state.get(_TURN, 0)
    return turns + returns()
