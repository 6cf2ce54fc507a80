"""A point that the visitor taps: the thing there becomes sharp, and the candidates are named."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.models.vision_model import VisionModel
from attnviz.render.pointed import POINTED, pointed_map
from attnviz.ui.components.viewer import Mode, Pick, Surface, View
from attnviz.ui.kit.candidates import show_candidates
from attnviz.ui.kit.url_state import linked
from attnviz.ui.pages.focus.panels import show_point

TAP = "tap"
"""Key of the tapped point in the session and in the link: x and y in 0..1, or empty."""
_PHOTO = "tap photo"
_BEFORE = "tap before"
_TURN = "tap turn"


def with_tap(explanation: Explanation) -> Explanation:
    """Return the explanation with a map around the tapped point of this photo, if there is one."""
    photo = explanation.picture.sha256
    if TAP not in st.session_state:
        st.session_state[TAP] = _text(_point(linked(TAP) or ""))
        st.session_state[_PHOTO] = photo
    if st.session_state.get(_PHOTO) != photo:
        st.session_state[TAP] = ""
    point = _point(st.session_state[TAP])
    if point is None:
        return explanation
    return replace(explanation, pointed=pointed_map(explanation.geometry, *point))


def without_tap(view: View, explanation: Explanation) -> View:
    """Return the view with what it had before the tap, once another layer or photo is shown."""
    gone = view.layer == POINTED and explanation.pointed is None
    if not gone and (view.layer == POINTED or _BEFORE not in st.session_state):
        return view
    before: View = st.session_state.pop(_BEFORE, View())
    view = replace(view, outline=before.outline)
    return replace(view, layer=before.layer, mode=before.mode) if gone else view


def tapped_view(explanation: Explanation, picked: Pick, view: View, kept: View) -> View | None:
    """Store a tap and return the view that follows it; None if there is nothing to follow.

    Parameters
    ----------
    explanation : Explanation
        The maps.
    picked : Pick
        The tapped point.
    view : View
        What the browser shows.
    kept : View
        The stored view, to return to.

    Returns
    -------
    View or None
        The object around the point in focus. None for a tap that was reported before, or on a part
        that the network does not see.
    """
    photo, text = explanation.picture.sha256, _text((picked.x, picked.y))
    if (st.session_state.get(_PHOTO), st.session_state.get(TAP)) == (photo, text):
        return None
    st.session_state[TAP], st.session_state[_PHOTO] = text, photo
    if explanation.geometry.input_point(picked.x, picked.y) is None:
        return None
    if kept.layer != POINTED:
        st.session_state[_BEFORE] = kept
    _turn()
    mode = view.mode if Surface.BOKEH in _surfaces(view) else Mode.BOKEH
    return replace(view, layer=POINTED, outline=True, mode=mode)


def tap_turn() -> int:
    """Count the taps; the viewer adopts the view when it changes."""
    turn: int = st.session_state.get(_TURN, 0)
    return turn


def show_tap(explanation: Explanation, model: VisionModel) -> None:
    """Show what the model may see at the tapped point, and a way back."""
    point = _point(st.session_state.get(TAP) or "")
    if point is None:
        return
    st.html('<h2 class="av-title">Where you tapped</h2>')
    if explanation.pointed is None:
        st.caption("This part of the picture is outside the network's input. Tap another point.")
    else:
        show_candidates(explanation.picture, model, *point)
        with st.expander("Value of each layer at this point"):
            show_point(explanation, *point)
    st.button("Back to the model's own focus", key="leave tap", on_click=leave_tap)


def leave_tap() -> None:
    """Show the model's own focus again."""
    if st.session_state.get(TAP):
        st.session_state[TAP] = ""
        _turn()


def _turn() -> None:
    st.session_state[_TURN] = tap_turn() + 1


def _surfaces(view: View) -> tuple[str, ...]:
    both = view.mode in (Mode.SIDE, Mode.SPLIT)
    return (view.left, view.right) if both else (str(view.mode),)


def _text(point: tuple[float, float] | None) -> str:
    return "" if point is None else ",".join(f"{share:.4f}" for share in point)


def _point(text: str) -> tuple[float, float] | None:
    """Parse a point, which a link may have made up."""
    try:
        x, y = (float(part) for part in text[:40].split(","))
    except ValueError:
        return None
    inside = all(math.isfinite(share) and 0 <= share <= 1 for share in (x, y))
    return (x, y) if inside else None
