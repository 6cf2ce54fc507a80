"""The page "People": where people really looked, and how near each model comes."""

from __future__ import annotations

import html

import streamlit as st

from attnviz.agreement.ground_truth import SCORES
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
from attnviz.ui.pages.people.welcome import show_welcome


def show() -> None:
    """The whole page, from top to bottom."""
    lead = "Where people really looked, and how near each model comes."
    with page_frame("People", lead):
        opened = pick_folder()
        if opened is None:
            show_welcome()
            return
        show_facts(opened)
        asked = pick_options()
        _show_folder(opened, asked)


@interruptible
def _show_folder(opened: OpenedFolder, asked: ComparisonOptions) -> None:
    """One photo, then all of them; choosing a photo reruns this part alone."""
    with guarded():
        number = pick_photo(opened)
        if number is None:
            return
        seconds = _show_photo(opened, number, asked)
        if opened.others is not None:
            st.markdown("##### All pictures of the folder")
            show_comparison(opened, asked, seconds)
        st.caption(
            "A classifier's attention is no model of the eye, and looking freely is not naming a "
            "class: the scores say how near they come all the same."
        )


def _show_photo(opened: OpenedFolder, number: int, asked: ComparisonOptions) -> float:
    """One photo; returns how many seconds its maps took, 0 if there are none."""
    looked = opened.found.pictures[number]
    st.markdown(f"##### {plain_text(photo_title(looked))}")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_fixations(opened, number, asked.degree)
    with right:
        view = compute_view(opened, number, asked)
        if view is None:
            return 0.0
        st.html(f'<p class="av-verdict">{html.escape(verdict(looked, view))}</p>')
        show_scores(view, SCORES[:1])
    st.markdown("##### Maps beside people")
    show_maps(view)
    st.markdown("##### The other scores of this photo")
    show_scores(view, SCORES[1:])
    st.caption("One picture is an illustration: compare all of them for a measurement.")
    return view.seconds
