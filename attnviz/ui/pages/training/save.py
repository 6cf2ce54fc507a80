"""Saving a layer's maps over training time as an animation."""

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


def offer_time_lapse(recorded: RecordedMaps, layer: str) -> None:
    """Show buttons that make a GIF or an MP4 when they are pressed."""
    with st.container(horizontal=True):
        for kind in ("GIF", "MP4"):
            st.download_button(
                f"Save as {kind}",
                data=partial(time_lapse, recorded, layer, kind),
                file_name=f"attnviz-{recorded.run.title}-{layer}.{kind.lower()}",
                mime="image/gif" if kind == "GIF" else "video/mp4",
                on_click="ignore",
                icon=":material/download:",
                key=f"save {kind} {recorded.run.key}",
                help="All checkpoints: focus picture and map side by side, on one scale.",
            )


def time_lapse(recorded: RecordedMaps, layer: str, kind: str) -> bytes:
    """Make the time-lapse of a layer.

    Parameters
    ----------
    recorded : RecordedMaps
        Maps of all checkpoints.
    layer : str
        The layer to show.
    kind : {"GIF", "MP4"}
        File format.

    Returns
    -------
    bytes
        The file.
    """
    frames = time_lapse_frames(recorded, layer)
    return gif(frames, 1 / _RATE) if kind == "GIF" else mp4([*frames, *[frames[-1]] * _RATE], _RATE)


def time_lapse_frames(recorded: RecordedMaps, layer: str) -> list[Pixels]:
    """Draw one frame for each checkpoint: focus picture and map, on one scale.

    Parameters
    ----------
    recorded : RecordedMaps
        Maps of all checkpoints.
    layer : str
        The layer to show.

    Returns
    -------
    list of uint8 [h, 2 w, 3]
        Frames with the checkpoint's name below.
    """
    pixels = _small(recorded.pixels)
    geometry = recorded.geometry.resized(pixels.shape[:2])
    maps = recorded.maps[layer]
    settings = FocusSettings(
        threshold=FIRST_VIEW.threshold, softness=FIRST_VIEW.softness, scale=FIRST_VIEW.scale
    )
    ends = recorded.scale_ends(layer)
    radius = FIRST_VIEW.radius * math.hypot(*pixels.shape[:2])
    frames = []
    for values, name in zip(maps, recorded.run.checkpoints, strict=True):
        focus = focus_map(values, geometry, settings, value_range=ends)
        pair = np.hstack([bokeh(pixels, focus.values, radius), heat_overlay(pixels, focus.scaled)])
        frames.append(captioned(pair, f"{recorded.run.title}, {layer}: {name}"))
    return frames


def _small(pixels: Pixels) -> Pixels:
    """At most 400 px high and wide."""
    share = min(1.0, _SIDE / max(pixels.shape[:2]))
    size = (round(pixels.shape[1] * share), round(pixels.shape[0] * share))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
