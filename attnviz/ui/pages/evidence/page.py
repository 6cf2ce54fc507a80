"""The page "Evidence": is the focus what the decision rests on?"""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.registry import import_all
from attnviz.ui.components.viewer import layer_names
from attnviz.ui.kit.explain_picture import explain_photo
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.long_work import interruptible
from attnviz.ui.kit.page_frame import (
    LINK_KEYS,
    page_frame,
    require_photo_model_and_method,
    show_credit,
    show_notes,
)
from attnviz.ui.kit.sanity_warnings import warn_if_insensitive
from attnviz.ui.kit.url_state import share, start_choice
from attnviz.ui.kit.without_classes import offer_features
from attnviz.ui.pages import evidence
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.reporting import offer_files
from attnviz.ui.pages.evidence.section import SECTIONS, Section

import_all(evidence)


def show() -> None:
    """The whole page, from top to bottom."""
    lead = (
        "Is the focus what the decision rests on? Blur the rest, take parts away, and ask the "
        "network again."
    )
    with page_frame("Evidence", lead):
        subject = require_photo_model_and_method(
            "Choose a picture and a model to test where the model looks.", widths=(5, 4, 4)
        )
        explanation = explain_photo(subject.photo.shown, subject.model, subject.look)
        if explanation is None:
            return
        with subject.columns[0]:
            layer = _pick_layer(explanation)
        tested = MapUnderTest(subject.model, explanation, subject.photo, layer)
        section = _pick_section(tested)
        share(*LINK_KEYS, "evidence layer", "evidence")
        _show_section(tested, section)


def _pick_layer(explanation: Explanation) -> str:
    names = layer_names(explanation)
    start_choice("evidence layer", names, default=explanation.best_layer)
    return str(
        st.selectbox(
            "Layer",
            names,
            key="evidence layer",
            persist_state="session",
            help="The map that is put to the test.",
        )
    )


def _pick_section(tested: MapUnderTest) -> Section:
    fitting = [one for one in SECTIONS if tested.has_target or not one.needs_target]
    sections = {one.name: one for one in sorted(fitting, key=lambda one: one.order)}
    if not tested.has_target:
        offer_features(
            tested.model,
            ", so there is no decision to put to the test. What can be asked is whether its map "
            "depends on what it has learned. For the rest, choose a model that names classes.",
        )
    start_choice("evidence", sections)
    chosen = st.segmented_control(
        "Question",
        list(sections),
        format_func=lambda name: sections[name].title,
        key="evidence",
        persist_state="session",
        required=True,
        label_visibility="collapsed",
    )
    return sections[str(chosen)]


@interruptible
def _show_section(tested: MapUnderTest, section: Section) -> None:
    """One answer; its own controls rerun this part alone."""
    with guarded():
        show_notes(tested.explanation.notes)
        top = st.container()
        if tested.measure:
            st.caption(plain_text(tested.measure))
        section.show(tested)
        offer_files(tested)  # after it, with what it has found out
        with top:  # last, for the section may just have found it out
            warn_if_insensitive(tested.explanation)
        show_credit(tested.photo)
