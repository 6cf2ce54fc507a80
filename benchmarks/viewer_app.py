"""One picture of 1024 x 768 with twelve layers: in the viewer, and as the server would draw it.

Run by `python -m benchmarks.viewer`, which opens `?way=viewer` and `?way=server`.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import streamlit as st

from attnviz.pictures import open_sample
from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.jpeg import jpeg
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusSettings, focus_map
from attnviz.ui.components.viewer import Content, Layer, Mode, View, pack, viewer

WIDTH, HEIGHT, LAYERS, CELLS = 1024, 768, 12, 14
RADIUS = 24.0


@st.cache_resource
def content() -> Content:
    """A photo, and a bump that wanders over it from layer to layer."""
    photo = cv2.resize(open_sample("china").pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[0:CELLS, 0:CELLS].astype(np.float32) / (CELLS - 1)
    layers = []
    for index in range(LAYERS):
        share = index / (LAYERS - 1)
        off = (columns - 0.2 - 0.6 * share) ** 2 + (rows - 0.7 + 0.4 * share) ** 2
        layers.append(Layer(f"block {index}", np.exp(-off / 0.08).astype(np.float32)))
    geometry = PictureGeometry((HEIGHT, WIDTH), (0, 0, HEIGHT, WIDTH), (224, 224))
    return Content(np.asarray(photo, np.uint8), geometry, layers, "Attention")


def server_way() -> None:
    """A step is a rerun: focus, bokeh, JPEG, and the browser fetches the picture."""
    index = st.session_state.setdefault("index", 0)

    def on() -> None:
        st.session_state["index"] = (index + 1) % LAYERS

    st.button("On", on_click=on)
    shown = content()
    focus = focus_map(shown.layers[index].values, shown.geometry, FocusSettings())
    picture = jpeg(bokeh(shown.pixels, focus.values, RADIUS))
    st.image(picture, width=WIDTH, alt=f"layer {index}")


def viewer_way() -> None:
    """A step is a frame."""
    radius = RADIUS / float(np.hypot(WIDTH, HEIGHT))
    view = replace(View(), mode=Mode.BOKEH, layer="block 0", radius=radius)
    with st.container(width=WIDTH):
        viewer(pack(content()), key="viewer", view=view, origin="benchmark")


st.set_page_config(layout="wide")
server_way() if st.query_params.get("way") == "server" else viewer_way()
