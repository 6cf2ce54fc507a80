"""Taps on the picture: the thing there becomes sharp, and its likeliest classes are offered."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.classes_at_point import classes_at
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.pointed import POINTED
from attnviz.ui.components.viewer import Pick
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.pages.objects.cache import Key, PhotoClasses
from attnviz.ui.pages.objects.picking import add_object, chance
from attnviz.ui.pages.objects.state import move_focus

POINT = "objects point"
_OFFERED = 5


def follow(key: Key, geometry: PictureGeometry, picked: Pick) -> None:
    """Store the tapped point, and make the thing there sharp, whatever its class.

    A repeated report of the same tap has no effect.

    Parameters
    ----------
    key : tuple of str
        Determines picture and network.
    geometry : PictureGeometry
        Relates the picture to the network's input.
    picked : Pick
        The point.
    """
    point = (key, picked.x, picked.y)
    if st.session_state.get(POINT) == point:
        return
    st.session_state[POINT] = point
    if geometry.input_point(picked.x, picked.y) is not None:
        move_focus(POINTED, outline=True)
    run_again()


def tapped_point(key: Key) -> tuple[float, float] | None:
    """Return the tapped point of this picture and network, x and y in 0..1, if there is one."""
    of, x, y = st.session_state.get(POINT, (None, 0.0, 0.0))
    return (x, y) if of == key else None


def show_point(seen: PhotoClasses) -> None:
    """Show the likeliest classes at the tapped point as buttons that move the focus to them."""
    point = tapped_point(seen.key)
    if point is None:
        st.caption("Tap a thing in the picture, and it is sharp.")
        return
    x, y = point
    st.html('<h2 class="av-title">Where you tapped</h2>')
    if seen.likely.geometry.input_point(x, y) is None:
        st.caption("This part of the picture is outside the network's input. Tap another point.")
        return
    there = classes_at(seen.likely, x, y)[:_OFFERED]
    if not there:
        st.caption("None of the likely classes has relevance at this point. Tap another one.")
        return
    st.caption(
        f"At {100 * x:.0f} % from the left and {100 * y:.0f} % from the top, the model may see:",
        help="The twenty likeliest classes, ranked by their map at this point, relative to the "
        "map's peak, times their probability.",
    )
    with st.container(horizontal=True, gap="xsmall", key="objects-there"):
        for one in there:
            label = plain_text(f"{seen.label(one.index)} · {chance(one.probability)}")
            said = f"Its map has {100 * one.relative:.0f} % of its peak here."
            st.button(
                label, key=f"there {one.index}", help=said, on_click=add_object,
                args=(seen, one.index),
            )  # fmt: skip
