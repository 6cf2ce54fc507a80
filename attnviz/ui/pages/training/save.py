"""Saving a layer's maps over training time as an animation."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from attnviz.export.time_lapse import TimeLapse
from attnviz.progress import Progress
from attnviz.render.focus import FocusSettings
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.pages.training.attention_view import FIRST_VIEW, RecordedMaps

_ASKED = "time lapse asked"


def offer_time_lapse(recorded: RecordedMaps, layer: str) -> None:
    """Show buttons that make a GIF or an MP4; what is made shows its progress and can be stopped.

    Call it in a part of a page that is `interruptible`.
    """
    lapse = time_lapse(recorded, layer)
    with st.container(horizontal=True):
        _offer("GIF", "image/gif", lapse.gif, recorded, layer)
        _offer("MP4", "video/mp4", lapse.mp4, recorded, layer)


def _offer(
    kind: str,
    mime: str,
    encode: Callable[[Progress], bytes],
    recorded: RecordedMaps,
    layer: str,
) -> None:
    shown = recorded.run.key, str(recorded.picture), recorded.method, layer
    key = (kind, *shown, str(recorded.scale_ends(layer)))
    asked: set[tuple[str, ...]] = st.session_state.setdefault(_ASKED, set())
    if key not in asked:
        st.button(
            f"Make a {kind}" if kind == "GIF" else f"Make an {kind}",
            key=f"make {kind} {recorded.run.key}", on_click=asked.add, args=(key,),
            icon=":material/movie:",
            help="All checkpoints: focus picture and map side by side, on one scale.",
        )  # fmt: skip
        return
    with st.container():
        made = long_work(
            f"{kind} {recorded.run.key}", key,
            lambda: f"{len(recorded.maps[layer])} frames are drawn.", encode,
            button=f"Continue the {kind}", unit="frames", at_once=True,
        )  # fmt: skip
        if made is not None:
            st.download_button(
                f"Save as {kind}", data=made, mime=mime, on_click="ignore",
                file_name=f"attnviz-{recorded.run.title}-{layer}.{kind.lower()}",
                icon=":material/download:", key=f"save {kind} {recorded.run.key}",
            )  # fmt: skip


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
