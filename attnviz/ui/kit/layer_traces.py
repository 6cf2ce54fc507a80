"""One picture read by one network, kept between the runs of the pages that show it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from attnviz.analysis.layer_trace import LayerTrace, trace_layers
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.ui.kit.pickers import Photo

Key = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TracedPhoto:
    """One picture read by one network; `key` decides all that can be shown of it."""

    photo: Photo
    model: VisionModel
    layers: LayerTrace
    key: Key


def trace_photo(photo: Photo, model: VisionModel) -> TracedPhoto:
    """All of a network's attention for a picture; one pass, the first time it is asked for."""
    key = (photo.shown.sha256, *model.key)
    return TracedPhoto(photo, model, _traced(key, model, photo.shown), key)


# Queries and keys of a large network take a hundred megabytes: few are kept.
@st.cache_resource(max_entries=3, ttl="1h", show_spinner=False)
def _traced(key: Key, _model: VisionModel, _picture: Picture) -> LayerTrace:
    del key
    return trace_layers(_model, _picture)
