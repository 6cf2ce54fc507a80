"""Channel gates on the page "Layers": which features a layer amplifies, and where they are."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from attnviz.analysis.layer_statistics import GateBars, gate_bars
from attnviz.ui.kit.inline_images import png_link
from attnviz.ui.kit.layer_traces import TracedPhoto
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.pages.layers.charts import SHOWN_GATES, gate_chart, gate_spread_chart

LAYER = "layers gate"
TOP = 8


def show_gates(traced: TracedPhoto) -> None:
    """Show a layer's gates as sorted bars, and the activation maps of its top features."""
    st.subheader("Channel attention: one gate per feature")
    st.caption(
        "A layer describes each place by many **features**, or channels: edges, colours, parts. "
        "Its **gates** weigh them, the same at all places."
    )
    readings = traced.layers.trace.gates
    names = [one.layer for one in readings]
    start_choice(LAYER, names)
    chosen = str(
        st.selectbox("Layer of the gates", names, key=LAYER, persist_state="session", width=320)
    )
    bars = gate_bars(readings[names.index(chosen)], top=TOP)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"##### The highest {min(SHOWN_GATES, len(bars.values))} gates")
        st.altair_chart(gate_chart(bars))
        st.caption("Each feature is multiplied by its gate: 1 leaves it unchanged, 0 removes it.")
    with right:
        st.markdown(f"##### All {len(bars.values)} gates")
        st.altair_chart(gate_spread_chart(bars))
        st.caption(describe_gates(bars))
    if bars.maps.size:
        st.markdown("##### Activation maps of the features with the highest gates")
        st.html(feature_strip(bars, traced.layers.geometry.input_size))
        st.caption(
            "Activations before the gate, each scaled from its own minimum to its own maximum."
        )


def describe_gates(bars: GateBars) -> str:
    """Describe the lowest, median and highest gate."""
    low, middle, high = (float(f(bars.values)) for f in (np.min, np.median, np.max))
    words = f"From {low:.3g} to {high:.3g}, half of them below {middle:.3g}."
    if high - low < 0.02 * abs(high):
        words += " They hardly differ: this layer favours no feature."
    return words


def feature_strip(bars: GateBars, input_size: tuple[int, int]) -> str:
    """Draw the features' maps with channel, gate and range of values.

    Parameters
    ----------
    bars : GateBars
        Gates and maps of a layer.
    input_size : (int, int)
        Height and width of the network's input.

    Returns
    -------
    str
        HTML.
    """
    figures = []
    for channel, gate, values in zip(bars.channels, bars.values, bars.maps, strict=False):
        low, high = float(values.min()), float(values.max())
        title = html.escape(f"{bars.layer}, channel {channel}: {low:.3g} to {high:.3g}")
        link = png_link(values, low, high, "viridis")
        figures.append(
            f'<figure title="{title}"><img alt="{title}" src="{link}"><figcaption>channel {channel}'
            f"<br>gate {gate:.3g}<br>{low:.3g} to {high:.3g}</figcaption></figure>"
        )
    shape = f"--av-shape:{input_size[1] / input_size[0]:.4f}"
    return f'<div class="av-strip av-features" style="{shape}">{"".join(figures)}</div>'
