"""What the page "Layers" keeps between runs, with a bound on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from attnviz.analysis.layer_statistics import AttentionFacts, QueryMaps, attention_facts
from attnviz.analysis.layer_trace import LayerTrace, head_maps, trace_layers
from attnviz.methods.context import Query
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.ui.components.viewer import Content, Payload, pack
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.url_state import keep, kept_choice

Key = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture read by one network; `key` decides all that can be shown of it."""

    photo: Photo
    model: VisionModel
    traced: LayerTrace
    key: Key


def seen(photo: Photo, model: VisionModel) -> Seen:
    """All of a network's attention for a picture; one pass, the first time it is asked for."""
    key = (photo.shown.sha256, *model.key)
    return Seen(photo, model, _traced(key, model, photo.shown), key)


# Queries and keys of a large network take a hundred megabytes: few are kept.
@st.cache_resource(max_entries=3, ttl="1h", show_spinner=False)
def _traced(key: Key, _model: VisionModel, _picture: Picture) -> LayerTrace:
    del key
    return trace_layers(_model, _picture)


@st.cache_resource(max_entries=16, ttl="1h", show_spinner=False)
def asked_maps(key: Key, query: Query, _traced: LayerTrace) -> tuple[QueryMaps, ...]:
    """What a query looks at in every layer and head."""
    del key
    return head_maps(_traced, query)


@st.cache_resource(max_entries=16, ttl="1h", show_spinner=False)
def attention_numbers(key: Key, _traced: LayerTrace) -> tuple[AttentionFacts, ...]:
    """Entropy and distance of every layer of self-attention."""
    del key
    trace = _traced.trace
    return tuple(attention_facts(one, trace.input_size) for one in trace.context)


@st.cache_resource(max_entries=32, ttl="1h", show_spinner=False)
def packed_maps(key: tuple[object, ...], _content: Content) -> Payload:
    """What the viewer needs of a content; `key` must decide the content."""
    del key
    return pack(_content)


def restore_choice(key: str, options: Sequence[str], first: str | None = None) -> None:
    """Give a widget the choice it had when the page was left, or the one in the page's address.

    If there is none, or it is no option any more: `first`, or the first option. Streamlit forgets a
    widget's value when its page is left.
    """
    if st.session_state.get(key) not in options:
        before = kept_choice(key)
        st.session_state[key] = before if before in options else first or options[0]


def keep_choice(key: str, value: str) -> None:
    """Remember a choice for `restore_choice`."""
    keep(**{key: value})
