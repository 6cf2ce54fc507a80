"""The page "Layers" on a small network without training, and a count of its forward passes."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture, open_sample
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.picture_cache import shown_sample
from attnviz.ui.kit.style import use_style
from attnviz.ui.pages.layers.page import show_layers
from tests.ui.pages.layers.layers_pages import small_network


@st.cache_resource
def counted_network(kind: str) -> tuple[VisionModel, list[int]]:
    """One network for all windows, as the app has."""
    return small_network(kind)


@st.cache_resource
def large_picture() -> Picture:
    """A picture that takes several hundred KB as JPEG, for it is large and grainy."""
    pixels = open_sample("china").pixels.repeat(2, 0).repeat(2, 1).astype(np.int16)
    grain = np.random.default_rng(0).integers(-12, 13, pixels.shape)
    return open_picture((pixels + grain).clip(0, 255).astype(np.uint8), name="large")


st.set_page_config(layout="wide")
use_style()
network, counted = counted_network(st.query_params.get("network", "vit"))
if st.query_params.get("photo") == "large":
    show_layers(Photo(large_picture(), large_picture, "China"), network)
else:
    show_layers(Photo(shown_sample("china"), partial(open_sample, "china"), "China"), network)


@st.fragment(run_every=3)  # seldom, or the page has no rest where a run takes as long
def show_count() -> None:
    """How many pictures have been through the network."""
    st.code(f"passes {len(counted)}", language=None)


show_count()
