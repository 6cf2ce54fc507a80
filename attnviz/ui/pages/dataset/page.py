"""The page "Dataset", from top to bottom."""

from __future__ import annotations

import streamlit as st

from attnviz.ui.kit.guard import guarded
from attnviz.ui.kit.long_work import interruptible
from attnviz.ui.kit.model_picker import pick_device
from attnviz.ui.kit.page_frame import page_frame
from attnviz.ui.pages.dataset.against import show_against
from attnviz.ui.pages.dataset.groups import show_groups
from attnviz.ui.pages.dataset.live_picture import look_at
from attnviz.ui.pages.dataset.results import OpenedSet, offer_results, pick_results
from attnviz.ui.pages.dataset.set_runs import show_form_of_run, show_live_runs
from attnviz.ui.pages.dataset.summary import show_summary
from attnviz.ui.pages.dataset.table import show_rows


def show() -> None:
    """Draw the page."""
    lead = "One network over many pictures: where it looks, and which of them are odd."
    with page_frame("Dataset", lead):
        left, right = st.columns(2)
        with left:
            show_form_of_run()
        with right:
            offer_results()
        show_live_runs()
        opened = pick_results()
        if opened is not None:
            _show_set(opened, pick_device())


@interruptible
def _show_set(opened: OpenedSet, device: str) -> None:
    """Everything about one set; a click reruns this part alone."""
    with guarded():
        show_summary(opened)
        show_groups(opened)
        clicked = show_rows(opened)
        compared = show_against(opened)
        look_at(opened, compared if clicked is None else clicked, device)
