"""The page "People": recorded fixations, and how well each model predicts them."""

from __future__ import annotations

import streamlit as st

from attnviz.people.ground_truth import SCORES
from attnviz.ui.kit.findings import show_verdict
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.long_work import interruptible
from attnviz.ui.kit.page_frame import page_frame
from attnviz.ui.pages.people.folder import OpenedFolder, pick_folder, show_facts
from attnviz.ui.pages.people.folder_scores import show_comparison
from attnviz.ui.pages.people.options import ComparisonOptions, pick_options
from attnviz.ui.pages.people.photo_picker import photo_title, pick_photo
from attnviz.ui.pages.people.photo_view import (
    compute_view,
    show_fixations,
    show_maps,
    show_scores,
    verdict,
)
from attnviz.ui.pages.people.saving import offer_files
from attnviz.ui.pages.people.welcome import show_welcome


def show() -> None:
    """Draw the page."""
    lead = "Where people really looked, and how close each model comes to it."
    with page_frame("People", lead):
        opened = pick_folder()
        if opened is None:
            show_welcome()
            return
        show_facts(opened)
        options = pick_options()
        _show_folder(opened, options)


@interruptible
def _show_folder(opened: OpenedFolder, options: ComparisonOptions) -> None:
    """One photo, then all of them; choosing a photo reruns this part alone."""
    with guarded():
        number = pick_photo(opened)
        if number is None:
            return
        seconds = _show_photo(opened, number, options)
        if opened.centre_bias is not None:
            st.markdown("##### All pictures of the folder")
            show_comparison(opened, options, seconds)
        st.caption(
            "A classifier's attention is not a model of gaze, and viewing freely is a different "
            "task from naming a class. The scores only say how close the two come."
        )


def _show_photo(opened: OpenedFolder, number: int, options: ComparisonOptions) -> float:
    """Show one photo; returns the seconds its maps took, 0 if there are none."""
    picture = opened.dataset.pictures[number]
    st.markdown(f"##### {plain_text(photo_title(picture))}")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_fixations(opened, number, options.degree)
    with right:
        view = compute_view(opened, number, options)
        if view is None:
            return 0.0
        show_verdict(verdict(picture, view))
        show_scores(view, SCORES[:1])
    st.markdown("##### Maps of people and models")
    show_maps(view)
    offer_files(picture, options)
    st.markdown("##### The other scores of this photo")
    show_scores(view, SCORES[1:])
    st.caption("One picture is an illustration. For a measurement, compare all pictures.")
    return view.seconds
