"""Clicks on the picture: the likeliest classes at a point, and moving the focus to one."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.classes_at_point import classes_at
from attnviz.ui.components.viewer import Pick
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.pages.objects.cache import PhotoClasses
from attnviz.ui.pages.objects.picking import add_object, chance
from attnviz.ui.pages.objects.results import ObjectCompetition
from attnviz.ui.pages.objects.state import move_focus

POINT = "objects point"
_OFFERED = 5
_WITHIN = 0.5


def follow(found: ObjectCompetition, picked: Pick) -> None:
    """Store the clicked point, and move the focus to the chosen object at that point, if any.

    A repeated report of the same click has no effect.
    """
    point = (found.seen.key, picked.x, picked.y)
    if st.session_state.get(POINT) == point:
        return
    st.session_state[POINT] = point
    chosen = [
        one
        for one in classes_at(found.all_maps, picked.x, picked.y)
        if one.index in found.choices.objects and one.relative >= _WITHIN
    ]
    if chosen:
        best = max(chosen, key=lambda one: one.relative)
        move_focus(found.seen.label(best.index))
    run_again()


def show_point(seen: PhotoClasses) -> None:
    """Show the likeliest classes at the clicked point as buttons that move the focus to them."""
    of, x, y = st.session_state.get(POINT, (None, 0.0, 0.0))
    if of != seen.key:
        st.caption("Click an object in the picture, and the focus moves to it.")
        return
    if seen.likely.geometry.input_point(x, y) is None:
        st.caption("This part of the picture is outside the network's input. Click another point.")
        return
    there = classes_at(seen.likely, x, y)[:_OFFERED]
    if not there:
        st.caption("None of the likely classes has relevance at this point. Click another one.")
        return
    st.caption(
        f"Where you clicked, {100 * x:.0f} % from the left and {100 * y:.0f} % from the top, "
        "the network may see:",
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
