"""Saving a layer's time-lapse as a moving picture."""

from __future__ import annotations

import math
from functools import partial

import cv2
import numpy as np
import streamlit as st

from attnviz.export.time_lapse import captioned, gif, mp4
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusSettings, focus_map
from attnviz.render.heat import heat_overlay
from attnviz.types import Pixels
from attnviz.ui.pages.training.attention_view import FIRST_VIEW, RecordedMaps

_SIDE = 400
_RATE = 4


def offer_time_lapse(watched: RecordedMaps, layer: str) -> None:
    """Buttons that make the file when it is asked for."""
    with st.container(horizontal=True):
        for kind in ("GIF", "MP4"):
            st.download_button(
                f"Save as {kind}",
                data=partial(time_lapse, watched, layer, kind),
                file_name=f"attnviz-{watched.run.title}-{layer}.{kind.lower()}",
                mime="image/gif" if kind == "GIF" else "video/mp4",
                on_click="ignore",
                icon=":material/download:",
                key=f"save {kind} {watched.run.key}",
                help="All checkpoints: bokeh picture and map side by side, on one scale.",
            )


def time_lapse(watched: RecordedMaps, layer: str, kind: str) -> bytes:
    """All checkpoints as "GIF" or "MP4": the bokeh picture beside the map, all on one scale."""
    frames = time_lapse_frames(watched, layer)
    return gif(frames, 1 / _RATE) if kind == "GIF" else mp4([*frames, *[frames[-1]] * _RATE], _RATE)


def time_lapse_frames(watched: RecordedMaps, layer: str) -> list[Pixels]:
    """uint8 [h, 2 w, 3] for each checkpoint, its name written below."""
    pixels = _small(watched.pixels)
    geometry = watched.geometry.resized(pixels.shape[:2])
    maps = watched.maps[layer]
    settings = FocusSettings(
        threshold=FIRST_VIEW.threshold, softness=FIRST_VIEW.softness, scale=FIRST_VIEW.scale
    )
    ends = watched.scale_ends(layer)
    radius = FIRST_VIEW.radius * math.hypot(*pixels.shape[:2])
    frames = []
    for values, name in zip(maps, watched.run.checkpoints, strict=True):
        focus = focus_map(values, geometry, settings, value_range=ends)
        pair = np.hstack([bokeh(pixels, focus.values, radius), heat_overlay(pixels, focus.scaled)])
        frames.append(captioned(pair, f"{watched.run.title}, {layer}: {name}"))
    return frames


def _small(pixels: Pixels) -> Pixels:
    """At most 400 px high and wide."""
    share = min(1.0, _SIDE / max(pixels.shape[:2]))
    size = (round(pixels.shape[1] * share), round(pixels.shape[0] * share))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
