"""What can be saved of the page "Layers"."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from attnviz.analysis.layer_statistics import QueryMaps
from attnviz.analysis.provenance import pass_provenance
from attnviz.export.map_series import MapSeries
from attnviz.methods.raw_attention import RawAttention
from attnviz.render.focus import FocusSettings
from attnviz.ui.components.viewer import Content, View
from attnviz.ui.kit.layer_traces import TracedPhoto
from attnviz.ui.kit.savable import shown_in_viewer
from attnviz.ui.kit.save_menu import Savable, stem_of


def self_attention_files(
    viewer: str, traced: TracedPhoto, content: Content, maps: Sequence[QueryMaps]
) -> list[Savable]:
    """Offer what the viewer shows of a query, and all heads of the layer that it stands at.

    Parameters
    ----------
    viewer : str
        Key of the viewer.
    traced : TracedPhoto
        Photo and network.
    content : Content
        What the viewer shows.
    maps : sequence of QueryMaps
        Maps of all heads of each layer.
    """
    shown = shown_in_viewer(
        viewer, content, traced.photo, traced.model, RawAttention.name,
        facts={"query": content.legend},
    )  # fmt: skip
    view: View = st.session_state.get(f"{viewer} view", View())
    layer = next((one for one in maps if one.layer == view.layer), maps[-1])
    heads = Savable(
        MapSeries,
        lambda: heads_series(traced, content, layer),
        stem_of(f"{traced.photo.title} {layer.layer} heads"),
        f"Heads of {layer.layer}",
    )
    return [shown.savable("Self-attention"), heads]


def heads_series(traced: TracedPhoto, content: Content, layer: QueryMaps) -> MapSeries:
    """Return the maps of all heads of a layer, each on its own scale."""
    view = View()
    return MapSeries(
        traced.photo.shown.pixels,
        traced.layers.geometry,
        list(layer.values),
        [f"{layer.layer}, head {number}" for number in range(1, len(layer.values) + 1)],
        None,
        FocusSettings(threshold=view.threshold, softness=view.softness),
        view.radius,
        provenance=pass_provenance(traced.model, traced.photo.shown, traced.layers.geometry)
        | {"layer": layer.layer, "query": content.legend},
    )
