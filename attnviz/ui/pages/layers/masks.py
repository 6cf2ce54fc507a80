"""Soft masks on the page "Layers": where each passes features, and its share of the output."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from attnviz.analysis.layer_statistics import mask_share, spatial_spread
from attnviz.capture.trace import Trace
from attnviz.methods.base import METHODS
from attnviz.methods.trace_method import MaskMethod, TraceMethod, trace_method
from attnviz.ui.components.viewer import Content, Layer
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.layer_traces import TracedPhoto
from attnviz.ui.kit.map_view import show_maps
from attnviz.ui.kit.savable import shown_in_viewer
from attnviz.ui.kit.save_menu import Savable
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.pages.layers.charts import share_chart, spread_chart

_VIEWER = "layers masks"
READING = "layers mask"
_FIRST = "soft-mask"
_WEIGHING = (
    "A **soft mask** has a weight for each place, by which the layer multiplies its features: "
    "near 0 they are held back, near 1 they pass."
)
_FOR_A_CLASS = (
    "These **soft masks** say what the answer needs, its first ten classes together: near 1 it "
    "must stay sharp, near 0 it may blur. They were trained beside the classifier, whose answers "
    "they do not change."
)


def show_masks(traced: TracedPhoto) -> Savable:
    """Show the masks of all layers in the viewer, and charts of their spread and share.

    Returns
    -------
    Savable
        The masks, as they are shown.
    """
    st.subheader("Spatial attention: soft masks")
    asked = traced.model.spec.class_masks
    st.caption(_FOR_A_CLASS if asked else _WEIGHING)
    method = _pick_reading()
    trace = traced.layers.trace
    maps = [(one.layer, one.values[0]) for one in method(trace)]
    content = Content(
        traced.photo.shown.pixels,
        traced.layers.geometry,
        [Layer(name, values) for name, values in maps],
        "Attention",
        f"{method.title}.",
        method.shares,
    )
    origin = f"{traced.model.name} {method.name}"
    show_maps(_VIEWER, (*traced.key, method.name), content, origin)
    st.caption(f"{method.title}: `{method.formula}`. {_words(method, trace)}".rstrip())
    names = [name for name, _ in maps]
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Spatial spread of each map")
        spread = [float(spatial_spread(values, trace.input_size)) for _, values in maps]
        even = [float(spatial_spread(np.ones_like(values), trace.input_size)) for _, values in maps]
        st.altair_chart(spread_chart(names, spread, even))
        st.caption("Low: one spot. Dashed line: an even map, spread over the whole picture.")
    if not asked:  # those of a class weigh nothing
        with right:
            st.markdown("##### Contribution of each mask")
            shares = [float(mask_share(one)[0]) for one in trace.soft_masks]
            st.altair_chart(share_chart([one.layer for one in trace.soft_masks], shares))
            st.caption(_share_words(all(one.base is None for one in trace.soft_masks)))
    st.caption(plain_text("Layers: " + ", ".join(f"{n} {one}" for n, one in enumerate(names, 1))))
    shown = shown_in_viewer(_VIEWER, content, traced.photo, traced.model, method.name)
    return shown.savable("Soft masks")


def _pick_reading() -> TraceMethod[Any]:
    """Pick a method that needs no gradients: all of these use the same forward pass."""
    fitting = {
        kind.name: kind.title
        for kind in METHODS
        if issubclass(kind, MaskMethod) and not kind.gradients
    }
    names = sorted(fitting, key=lambda name: (name != _FIRST, fitting[name]))
    start_choice(READING, names)
    name = str(
        st.selectbox(
            "Mask reading",
            names,
            format_func=fitting.__getitem__,
            key=READING,
            persist_state="session",
            width=320,
        )
    )
    return trace_method(name)


def _words(method: TraceMethod[Any], trace: Trace) -> str:
    if method.name != _FIRST:
        return ""
    many = any(one.mask.shape[1] > 1 for one in trace.soft_masks)
    joint = (
        "This mask weighs features and positions jointly, with one map per feature: "
        "their mean is shown, and often marks the background. "
    )
    caution = "Bright regions are passed on; that alone does not make them important."
    return f"{joint}{caution}" if many else caution


def _share_words(naive: bool) -> str:
    if naive:
        return "Share of the features that the mask removes. 0: it changes nothing."
    return (
        "Share of the masked branch in the block's output, next to the skip connection. "
        "0: it adds nothing."
    )
