"""Choosing objects, how they compete, and which two are contrasted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from attnviz.analysis.certainty import guess_sentence
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.pages.objects.cache import PhotoClasses
from attnviz.ui.pages.objects.choices import MOST, SELECTIVE, Strength, Versus, most_likely
from attnviz.ui.pages.objects.results import contrast_name
from attnviz.ui.pages.objects.state import TOGETHER, choices_of, choose, move_focus

PILLS = "objects pills"
SEARCH = "objects search"
_STRENGTHS = {Strength.RELEVANCE: "Relevance", Strength.PROBABILITY: "Probability"}
_VERSUS = {Versus.MAPS: "Maps", Versus.SCORES: "Scores (Finer-CAM)"}


def pick_objects(seen: PhotoClasses) -> None:
    """Let the user choose among the likeliest classes, or search for any class by its name."""
    choices = choices_of(seen)
    offered = sorted(
        {*most_likely(seen.chances), *choices.objects}, key=lambda one: -seen.chances[one]
    )
    st.session_state[PILLS] = list(choices.objects)
    st.pills(
        "Objects",
        offered,
        selection_mode="multi",
        format_func=partial(_with_chance, seen),
        key=PILLS,
        on_change=_picked,
        args=(seen,),
        help="The network's most probable classes, and those you have added.",
    )
    st.selectbox(
        "Search any class",
        most_likely(seen.chances, len(seen.chances)),
        index=None,
        format_func=seen.label,
        placeholder="Search any class",
        key=SEARCH,
        on_change=_searched,
        args=(seen,),
        label_visibility="collapsed",
        disabled=len(choices.objects) >= MOST,
    )
    if len(choices.objects) >= MOST:
        st.caption(f"{MOST} objects at most: remove one to add another.")


def show_doubt(seen: PhotoClasses) -> None:
    """Say that the objects are guesses, where the network is not sure of the likeliest."""
    doubt = seen.certainty.doubt if seen.certainty else None
    if doubt:
        best = [(seen.label(one), float(seen.chances[one])) for one in most_likely(seen.chances, 2)]
        st.caption(plain_text(guess_sentence(best, doubt)))


def add_object(seen: PhotoClasses, index: int) -> None:
    """Add a class, if there is room, and move the focus to it."""
    choices = choices_of(seen).with_object(index)
    choose(seen, choices)
    if index in choices.objects:
        move_focus(seen.label(index))


def chance(value: float) -> str:
    """Format the probability of a class."""
    if value < 0.0005:
        return "under 0.001"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def pick_competition(seen: PhotoClasses) -> None:
    """Let the user choose the selectivity, and what decides the competition."""
    choices = choices_of(seen)
    _bound("selectivity", choices.selectivity)
    st.slider(
        "Selectivity",
        0.0,
        SELECTIVE,
        step=0.1,
        key="objects selectivity",
        on_change=_changed("selectivity", seen, float),
        help="0: all objects stay in focus. Higher: more of the focus goes to the strongest: "
        "share = strength to this power, divided by the sum over all objects.",
    )
    _bound("strength", choices.strength)
    st.segmented_control(
        "Compete by",
        list(Strength),
        format_func=_STRENGTHS.__getitem__,
        key="objects strength",
        on_change=_changed("strength", seen, Strength),
        required=True,
        help="Relevance: the mean of an object's map. Probability: that of its class.",
    )


def pick_contrast(seen: PhotoClasses) -> None:
    """Let the user choose two classes to contrast."""
    choices = choices_of(seen)
    others = sorted(
        {*most_likely(seen.chances), *choices.objects}, key=lambda one: -seen.chances[one]
    )
    wanted = choices.wanted if choices.wanted is not None else choices.objects[0]
    left, right = st.columns(2)
    _bound("wanted", wanted)
    with left:
        st.selectbox(
            "Evidence for",
            list(choices.objects),
            format_func=seen.label,
            key="objects wanted",
            on_change=_set_against,
            args=(seen,),
        )
    _bound("against", choices.against)
    with right:
        st.selectbox(
            "but not for",
            [one for one in others if one != wanted],
            index=None,
            placeholder="No other",
            format_func=seen.label,
            key="objects against",
            on_change=_set_against,
            args=(seen,),
        )
    if choices.against is None:
        return
    _bound("versus", choices.versus)
    st.segmented_control(
        "Compare their",
        list(Versus),
        format_func=_VERSUS.__getitem__,
        key="objects versus",
        on_change=_changed("versus", seen, Versus),
        required=True,
        help="Maps: where the first class's map lies above the second's. Scores: the map of what "
        "the first class's score has over the second's (Finer-CAM, Zhang et al. 2025).",
    )


def _with_chance(seen: PhotoClasses, index: int) -> str:
    return f"{plain_text(seen.label(index))} · {plain_text(chance(float(seen.chances[index])))}"


def _bound(name: str, value: Any) -> None:
    """Set a widget to the stored choice, which its callback has already updated."""
    st.session_state[f"objects {name}"] = value


def _changed(name: str, seen: PhotoClasses, kind: Callable[[Any], Any]) -> Callable[[], None]:
    def changed() -> None:
        value = kind(st.session_state[f"objects {name}"])
        choose(seen, replace(choices_of(seen), **{name: value}))
        move_focus(contrast_name(seen, choices_of(seen)) if name == "versus" else TOGETHER)

    return changed


def _picked(seen: PhotoClasses) -> None:
    before = choices_of(seen)
    after = before.with_objects(tuple(st.session_state[PILLS]))
    choose(seen, after)
    fresh = [one for one in after.objects if one not in before.objects]
    if fresh:
        move_focus(seen.label(fresh[-1]))


def _searched(seen: PhotoClasses) -> None:
    index = st.session_state[SEARCH]
    st.session_state[SEARCH] = None
    if index is not None:
        add_object(seen, index)


def _set_against(seen: PhotoClasses) -> None:
    wanted, against = (st.session_state[f"objects {name}"] for name in ("wanted", "against"))
    if wanted == against:
        against = None
    choices = replace(choices_of(seen), wanted=wanted, against=against).fitting()
    choose(seen, choices)
    move_focus(contrast_name(seen, choices) or seen.label(wanted))
