"""The live webcam alone, with a network that attends to what is red."""

from __future__ import annotations

import threading

import streamlit as st

from attnviz.analysis.explain import explain
from attnviz.pictures import Picture
from attnviz.ui.components.viewer import Mode, View
from attnviz.ui.pages.focus.live_webcam import LiveSubject, show_webcam
from tests.video.films import drawn, red_model


@st.cache_resource
def subject() -> LiveSubject:
    model = red_model()
    return LiveSubject(model, "attention", explain(model, Picture(drawn(64, 48), "a", "0" * 64)))


st.set_page_config(layout="wide")
first = subject().first
view = View(first.best_layer, Mode.BOKEH, radius=0.06, outline=False)
main, side = st.columns(2)
show_webcam(subject(), view, main, side)
streams = sum(thread.name == "attnviz live stream" for thread in threading.enumerate())
st.text(f"{streams} streams are at work")
st.button("Count again")
