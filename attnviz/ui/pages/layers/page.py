"""The page "Layers": every attention of a network, layer by layer, from one pass."""

from __future__ import annotations

import streamlit as st

from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.layer_traces import trace_photo
from attnviz.ui.kit.page_frame import page_frame, require_photo_and_model, show_credit, show_notes
from attnviz.ui.kit.pickers import PICKER_KEYS, Photo
from attnviz.ui.kit.savable import ExplainedLater
from attnviz.ui.kit.save_menu import Savable, save_menu
from attnviz.ui.kit.url_state import share
from attnviz.ui.pages.layers.gates import LAYER, show_gates
from attnviz.ui.pages.layers.kinds import show_kinds
from attnviz.ui.pages.layers.masks import READING, show_masks
from attnviz.ui.pages.layers.self_attention import show_self_attention


def show() -> None:
    """Draw the page."""
    lead = "Networks attend in three ways. Choose one, and see it layer by layer."
    with page_frame("Layers", lead):
        show_kinds()
        subject = require_photo_and_model(
            "Choose a picture and a model to see what each layer attends to."
        )
        show_layers(subject.photo, subject.model)


@st.fragment
def show_layers(photo: Photo, model: VisionModel) -> None:
    """Show the network's attention to the picture; a click reruns only this fragment."""
    with guarded():
        with st.spinner("Computing …", show_time=True):
            traced = trace_photo(photo, model)
        show_notes(traced.layers.notes)
        trace = traced.layers.trace
        context = any(reading.has_positions for reading in trace.context)
        keys, link = [*PICKER_KEYS], dict[str, str]()
        menu = st.container()
        shown: list[Savable] = []
        if context:
            link, shown = show_self_attention(traced)
        if trace.soft_masks:
            shown.append(show_masks(traced))
            keys.append(READING)
        if trace.gates:
            show_gates(traced)
            keys.append(LAYER)
        if not (context or trace.soft_masks or trace.gates):
            st.info(
                f"{plain_text(model.spec.title)} has no attention that can be read: no masks, no "
                "gates, no self-attention. Choose one of the models at the top of this page. To "
                "see where its decision comes from, open the page **Focus** and choose *What does "
                "the decision rest on?*"
            )
        with menu:  # above the maps, and after they are known
            save_menu(shown or [ExplainedLater(photo, model).savable()], key="layers-files")
        share(*keys, **link)
        show_credit(photo)
