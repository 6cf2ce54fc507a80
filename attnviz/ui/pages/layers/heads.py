"""All heads of all layers as small maps, and numbers of each head."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from attnviz.analysis.layer_statistics import QueryMaps
from attnviz.methods.context import Query
from attnviz.ui.kit.layer_traces import TracedPhoto
from attnviz.ui.kit.url_state import start_value
from attnviz.ui.pages.layers.cache import attention_numbers
from attnviz.ui.pages.layers.charts import distance_chart, entropy_chart
from attnviz.ui.pages.layers.grid import head_grid

_STRETCHED = "layers stretched"


def show_heads(traced: TracedPhoto, maps: Sequence[QueryMaps], query: Query) -> None:
    """Show a grid of maps, layers x heads."""
    st.markdown("##### Every layer and head")
    start_value(_STRETCHED, True)
    stretched = st.toggle(
        "Scale each map separately",
        key=_STRETCHED,
        persist_state="session",
        help="On: the colours of each map span its own range, which stands below it, so that faint "
        "heads show their pattern. Off: one scale for all, to compare how strong they are.",
    )
    point = query if isinstance(query, tuple) else None
    st.html(head_grid(maps, traced.layers.trace.input_size, point, stretched=stretched))


def show_numbers(traced: TracedPhoto) -> None:
    """Show how widely, and how far, each head attends."""
    facts = attention_numbers(traced.key, traced.layers)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Entropy of each head")
        st.altair_chart(entropy_chart(facts))
        st.caption(
            "Entropy is how widely attention is spread. Low: a few positions get all of it. Dashed "
            "line: all positions get the same."
        )
    distances = distance_chart(facts)
    if distances is None:
        return
    with right:
        st.markdown("##### Attention distance of each head")
        st.altair_chart(distances)
        st.caption(
            "How far a position looks, as the mean distance weighted by attention. Low: close to "
            "the query. Dashed line: even attention."
        )
