"""The page "People": where people really looked, and how near each model comes."""

from __future__ import annotations

import html

import streamlit as st

from attnviz.agreement.ground_truth import SCORES
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.long_work import interruptible
from attnviz.ui.pages.people.folder import Opened, pick_folder, show_facts
from attnviz.ui.pages.people.folder_scores import show_whole
from attnviz.ui.pages.people.options import Asked, pick_asked
from attnviz.ui.pages.people.photo_view import scored, show_looking, show_maps, show_scores, verdict
from attnviz.ui.pages.people.photos import pick_photo, titled
from attnviz.ui.pages.people.welcome import show_welcome


def show() -> None:
    """The whole page, from top to bottom."""
    st.html(
        '<div class="av-head"><h1>People</h1><p>Where people really looked, and how near each '
        "model comes.</p></div>"
    )
    with guarded():
        opened = pick_folder()
    if opened is None:
        show_welcome()
        return
    show_facts(opened)
    with guarded():
        asked = pick_asked()
        _show_folder(opened, asked)


@interruptible
def _show_folder(opened: Opened, asked: Asked) -> None:
    """One photo, then all of them; choosing a photo reruns this part alone."""
    with guarded():
        number = pick_photo(opened)
        if number is None:
            return
        seconds = _show_photo(opened, number, asked)
        if opened.others is not None:
            st.markdown("##### All pictures of the folder")
            show_whole(opened, asked, seconds)
        st.caption(
            "A classifier's attention is no model of the eye, and looking freely is not naming a "
            "class: the scores say how near they come all the same."
        )


def _show_photo(opened: Opened, number: int, asked: Asked) -> float:
    """One photo; returns how many seconds its maps took, 0 if there are none."""
    looked = opened.found.photos[number]
    st.markdown(f"##### {plain_text(titled(looked))}")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_looking(opened, number, asked.degree)
    with right:
        view = scored(opened, number, asked)
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
