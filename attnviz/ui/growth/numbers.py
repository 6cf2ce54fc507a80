"""A run in numbers: how often it is right, and what became of each layer's attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import streamlit as st

from attnviz.training.growth import (
    Event,
    LayerGrowth,
    growth_events,
    layer_growth,
    recorded_methods,
)
from attnviz.ui.growth.charts import (
    Layered,
    even_spread,
    growth_chart,
    loss_chart,
    progress_chart,
    shown_events,
)
from attnviz.ui.growth.runs import Run
from attnviz.ui.guard import plain_text


class _Part(NamedTuple):
    """A chart of one number of each layer."""

    title: str
    value: Callable[[LayerGrowth], Any]
    axis: str
    note: str


_ENTROPY = _Part(
    "How evenly each layer looks",
    attrgetter("entropy"),
    "Entropy, 1 is even",
    "Low: a few places get it all. Dashed: an even map.",
)
_SPREAD = _Part(
    "How wide each layer looks",
    attrgetter("spread"),
    "Spread, share of the side",
    "Dashed: an even map.",
)
_STRENGTH = _Part(
    "How strong its maps are",
    attrgetter("strength"),
    "Mean value",
    "Absolute, in the map's own unit.",
)
_DRIFT = _Part(
    "How far from what it will be",
    attrgetter("drift"),
    "Divergence from the end",
    "0: the layer looks as it will at the end. Attention may move on after accuracy stands still.",
)


def show_numbers(runs: Sequence[Run], method: str) -> None:
    """Charts of one run, or of two beside each other, and what happened in the first."""
    known = [run for run in runs if method in recorded_methods(run.recording)]
    found = [_numbers(run.key, method, run) for run in known]
    growth, events = [one for one, _ in found], found[0][1]
    left, right = st.columns(2, gap="medium")
    for column, title, whole in (
        (left, "How often it is right", progress_chart(runs)),
        (right, "Loss", loss_chart(runs)),
    ):
        if whole is not None:
            with column:
                st.markdown(f"##### {title}")
                st.altair_chart(whole)
    entropy = growth_chart(known, growth, *_ENTROPY[1:3], even=1.0, events=events)
    spread = growth_chart(known, growth, *_SPREAD[1:3], even=even_spread(growth[0]))
    with left:
        _show(_ENTROPY, entropy)
        _show(_STRENGTH, growth_chart(known, growth, *_STRENGTH[1:3]))
    with right:
        _show(_SPREAD, spread)
        _show(_DRIFT, growth_chart(known, growth, *_DRIFT[1:3]))
    for sentence in shown_events(events, known[0].checkpoints):
        st.markdown(f"- {plain_text(sentence)}")
    st.caption(f"Means over the {len(known[0].recording.pictures)} recorded pictures.")


@st.cache_resource(max_entries=16, show_spinner=False)
def _numbers(key: str, method: str, _run: Run) -> tuple[tuple[LayerGrowth, ...], tuple[Event, ...]]:
    del key
    return layer_growth(_run.recording, method), growth_events(_run.recording, method)


def _show(part: _Part, chart: Layered) -> None:
    st.markdown(f"##### {part.title}")
    st.altair_chart(chart)
    st.caption(part.note)
