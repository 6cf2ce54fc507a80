"""The page "Objects": objects in a picture that compete for the focus."""

from __future__ import annotations

import streamlit as st

from attnviz.models.vision_model import VisionModel
from attnviz.targets.single_class import Class
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.known_things import show_known
from attnviz.ui.kit.map_view import show_maps
from attnviz.ui.kit.page_frame import page_frame, require_photo_and_model, show_credit, show_notes
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.savable import shown_in_viewer
from attnviz.ui.kit.save_menu import save_menu
from attnviz.ui.pages.objects.cache import PhotoClasses
from attnviz.ui.pages.objects.cards import show_cards
from attnviz.ui.pages.objects.picking import (
    pick_competition,
    pick_contrast,
    pick_objects,
    show_doubt,
)
from attnviz.ui.pages.objects.pointing import follow, show_point, tapped_point
from attnviz.ui.pages.objects.results import ObjectCompetition, compute_competition, contrast_name
from attnviz.ui.pages.objects.state import (
    VIEWER,
    choices_of,
    focus_moves,
    share_choices,
    viewer_view,
)
from attnviz.ui.pages.objects.unlabelled import show_unlabelled


def show() -> None:
    """Draw the page."""
    lead = "A picture holds several things. Attention picks one, and lets the rest fade."
    with page_frame("Objects", lead):
        subject = require_photo_and_model(
            "Choose a picture and a model to see what it finds, and where."
        )
        show_objects(subject.photo, subject.model)


@st.fragment
def show_objects(photo: Photo, model: VisionModel) -> None:
    """Show the objects of a picture; clicks and controls rerun only this fragment."""
    with guarded():
        if not model.has_classes:
            show_unlabelled(photo, model)
            return
        seen = PhotoClasses(photo, model)
        with st.spinner("Computing …", show_time=True):
            count = len(seen.chances)
        if count == 1:
            st.info("This network knows one class only: there is nothing to choose from.")
        choices = choices_of(seen)
        share_choices(choices)
        # On a phone the columns stand below each other: the picture, then the choices.
        main, side = st.columns([10, 4], gap="medium")
        with side:
            show_point(seen)
            show_known(model.labels)
            show_doubt(seen)
            pick_objects(seen)
        if not choices.objects:
            main.info("Choose an object, or search for one.")
            return
        with main:
            with st.spinner("Computing …", show_time=True):
                found = compute_competition(seen, choices)
            _show_stage(found)
            show_notes(found.all_maps.notes)
        _show_controls(found)
        show_cards(found)
        show_credit(photo)


def _show_stage(found: ObjectCompetition) -> None:
    """Show the viewer; what is tapped in it becomes sharp."""
    seen, choices = found.seen, found.choices
    viewer_view()  # stores the view in the session, where the viewer reads it
    point = tapped_point(seen.key)
    key = (*seen.key, str(choices), str(point))
    origin = f"{seen.model.name} {found.all_maps.choice.method.name} {focus_moves()}"
    content = found.content(point)
    picked = show_maps(VIEWER, key, content, origin)
    share_choices(choices)
    shown = shown_in_viewer(
        VIEWER, content, seen.photo, seen.model, found.all_maps.choice.method.name,
        targets=[Class(one) for one in choices.objects],
        facts={"objects at": found.all_maps.layer},
    )  # fmt: skip
    save_menu([shown.savable()], key="objects-files")
    if picked is not None:
        follow(seen.key, found.geometry, picked)


def _show_controls(found: ObjectCompetition) -> None:
    """Show how all objects compete, and how one is set against another."""
    seen, choices = found.seen, found.choices
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("## All objects compete")
        if len(choices.objects) > 1:
            pick_competition(seen)
        else:
            st.caption("Choose another object, and they compete for the focus.")
    with right:
        st.markdown("## One against another")
        pick_contrast(seen)
        if choices.against is not None and found.contrast is None:
            empty = "no region supports the first more than the second."
            st.info(plain_text(found.refused or f"{contrast_name(seen, choices)}: {empty}"))
