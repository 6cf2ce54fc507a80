"""Field or object: the page chooses what suits the map, until the visitor chooses."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.render.patchiness import is_patchy
from attnviz.ui.components.viewer import View
from attnviz.ui.kit.explanation_cache import explanation_key

_SHOWN = "edges shown"
_TURN = "edges turn"


def with_edges(view: View, explanation: Explanation) -> View:
    """Return a view that says whether the focus follows the field or the object.

    Parameters
    ----------
    view : View
        The stored view.
    explanation : Explanation
        The maps; where the best one falls into patches, the object suits it better.

    Returns
    -------
    View
        The view as it is to be shown.
    """
    if view.outline is not None:
        return view
    return replace(view, outline=_suits_object(explanation_key(explanation), explanation))


def edges_turn(shown: View) -> int:
    """Count how often the page changed the edges; the viewer adopts the view when it changes."""
    turn: int = st.session_state.get(_TURN, 0)
    if st.session_state.get(_SHOWN, shown.outline) != shown.outline:
        turn += 1
    st.session_state[_TURN] = turn
    return turn


def chosen_edges(view: View, shown: View, kept: View) -> View:
    """Return the view to store: without edges as long as the visitor has not changed them.

    Parameters
    ----------
    view : View
        The view that the browser reports.
    shown : View
        The view that it was sent.
    kept : View
        The view that was stored.

    Returns
    -------
    View
        The reported view; its edges are left to the page if they are those of `shown`, and `kept`
        left them to it.
    """
    st.session_state[_SHOWN] = view.outline
    untouched = kept.outline is None and view.outline == shown.outline
    return replace(view, outline=None) if untouched else view


@st.cache_data(max_entries=256, ttl="2h", show_spinner=False)
def _suits_object(key: tuple[str, ...], _explanation: Explanation) -> bool:
    del key
    return is_patchy(_explanation.focus())
