"""Saving a layer's maps over training time as an animation."""

from __future__ import annotations

import streamlit as st

from attnviz.export.time_lapse import TimeLapse
from attnviz.render.focus import FocusSettings
from attnviz.ui.pages.training.attention_view import FIRST_VIEW, RecordedMaps


def offer_time_lapse(recorded: RecordedMaps, layer: str) -> None:
    """Show buttons that make a GIF or an MP4 when they are pressed."""
    lapse = time_lapse(recorded, layer)
    with st.container(horizontal=True):
        for kind, encode in (("GIF", lapse.gif), ("MP4", lapse.mp4)):
            st.download_button(
                f"Save as {kind}",
                data=encode,
                file_name=f"attnviz-{recorded.run.title}-{layer}.{kind.lower()}",
                mime="image/gif" if kind == "GIF" else "video/mp4",
                on_click="ignore",
                icon=":material/download:",
                key=f"save {kind} {recorded.run.key}",
                help="All checkpoints: focus picture and map side by side, on one scale.",
            )


def time_lapse(recorded: RecordedMaps, layer: str) -> TimeLapse:
    """The time-lapse of a layer, as the viewer shows it at first."""
    run = recorded.run
    return TimeLapse(
        recorded.pixels,
        recorded.geometry,
        list(recorded.maps[layer]),
        [f"{run.title}, {layer}: {name}" for name in run.checkpoints],
        recorded.scale_ends(layer),
        FocusSettings(
            threshold=FIRST_VIEW.threshold, softness=FIRST_VIEW.softness, scale=FIRST_VIEW.scale
        ),
        FIRST_VIEW.radius,
    )
