"""The page "Layers": every attention of a network, layer by layer, from one pass."""

from __future__ import annotations

import streamlit as st

from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.layer_traces import seen
from attnviz.ui.kit.pickers import PICKED, Photo, pick_device, pick_model, pick_picture
from attnviz.ui.kit.url_state import keep, share_choices
from attnviz.ui.pages.layers.gates import LAYER, show_gates
from attnviz.ui.pages.layers.masks import READING, show_masks
from attnviz.ui.pages.layers.self_attention import SHARED, show_context


def show() -> None:
    """The whole page, from top to bottom."""
    st.html(
        '<div class="av-head"><h1>Layers</h1><p>All of a network\'s attention, layer by layer: '
        "where it looks, and what it turns up.</p></div>"
    )
    with guarded():
        photo = pick_picture()
        with st.sidebar:
            device = pick_device()
        model = pick_model(device)
    if photo is None or model is None:
        st.info("Choose a picture and a model to see what each layer attends to.")
        return
    keep(model=model.name)
    show_layers(photo, model)


@st.fragment
def show_layers(photo: Photo, model: VisionModel) -> None:
    """What the network's attention does with the picture; a click reruns this part alone."""
    with guarded():
        with st.spinner("Looking …", show_time=True):
            found = seen(photo, model)
        for note in found.traced.notes:
            st.warning(plain_text(note))
        trace = found.traced.trace
        context = any(one.keys.cells for one in trace.context)
        shared = [*PICKED]
        if context:
            show_context(found)
            shared += SHARED
        if trace.soft_masks:
            show_masks(found)
            shared.append(READING)
        if trace.gates:
            show_gates(found)
            shared.append(LAYER)
        if not (context or trace.soft_masks or trace.gates):
            st.info(
                f"{plain_text(model.spec.title)} has no attention that can be read: no masks, no "
                "gates, no self-attention. To see where its decision comes from, open the page "
                "**Focus** and ask *What does the decision rest on?*"
            )
        share_choices(*shared)
        if photo.credit:
            st.caption(plain_text(photo.credit))
