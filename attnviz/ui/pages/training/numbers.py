"""A run in numbers: how often it is right, and what became of each layer's attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import streamlit as st

from attnviz.training.recording.growth import (
    FLAT,
    MASK,
    Event,
    LayerGrowth,
    growth_events,
    layer_growth,
    recorded_methods,
)
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.pages.training.charts import growth_chart, loss_chart, progress_chart
from attnviz.ui.pages.training.event_marks import EventMark, number_events
from attnviz.ui.pages.training.reference_lines import (
    Growth,
    ReferenceLine,
    even_distance,
    even_spread,
)
from attnviz.ui.pages.training.runs import RecordedRun


class _ChartSpec(NamedTuple):
    """A chart of one number of each layer."""

    title: str
    value: Callable[[LayerGrowth], Any]
    axis: str
    note: str
    rules: Callable[[Sequence[RecordedRun], Growth], Sequence[ReferenceLine]] = lambda *_: ()
    marked: bool = False


_ENTROPY = _ChartSpec(
    "How evenly each layer looks",
    attrgetter("entropy"),
    "Entropy, 1 is even",
    "Low: a few places get it all. Dashed: an even map.",
    lambda *_: [ReferenceLine(1.0, "an even map")],
    marked=True,
)
_HEAD_ENTROPY = _ENTROPY._replace(
    value=attrgetter("head_entropy"),
    note="Mean over all queries; thin lines are heads. Low: a few places get it all. "
    "Dashed: even attention.",
    rules=lambda *_: [ReferenceLine(1.0, "even attention")],
)
_DISTANCE = _ChartSpec(
    "How far each layer looks",
    attrgetter("head_distance"),
    "Distance, px of the input",
    "Mean attention distance over all queries; thin lines are heads. Dashed: even attention.",
    even_distance,
    marked=True,
)
_SPREAD = _ChartSpec(
    "How wide each layer looks",
    attrgetter("spread"),
    "Spread, share of the side",
    "Standard deviation of the map's mass around its middle. Dashed: an even map.",
    even_spread,
    marked=True,
)
_EFFECT = _ChartSpec(
    "How much each block does",
    attrgetter("effect"),
    "Relative effect",
    "How much the block changes what runs through it, |y - x| / |x|. Near 0, its attention "
    "decides nothing, however sharp the map.",
)
_CONTRAST = _ChartSpec(
    "How flat its maps are",
    attrgetter("contrast"),
    "Deviation over places",
    "Standard deviation over the places, absolute. Near 0: the map picks nothing.",
    marked=True,
)
_STRENGTH = _ChartSpec(
    "How strong its maps are",
    attrgetter("strength"),
    "Mean value",
    "Absolute, in the map's own unit.",
)
_DRIFT = _ChartSpec(
    "How far from what it will be",
    attrgetter("drift"),
    "Divergence from the end",
    "0: the layer looks as it will at the end. Attention may move on after accuracy stands still.",
)


def show_charts(runs: Sequence[RecordedRun], method: str) -> None:
    """Charts of one run, or of two beside each other, and what happened in them."""
    known = [run for run in runs if method in recorded_methods(run.recording)]
    found = [_cached_numbers(run.key, method, run) for run in known]
    growth = [one for one, _ in found]
    marks = number_events(known, [happened for _, happened in found])
    columns = st.columns(2, gap="medium")
    for column, title, whole in (
        (columns[0], "How often it is right", progress_chart(runs)),
        (columns[1], "Loss", loss_chart(runs)),
    ):
        if whole is not None:
            with column:
                st.markdown(f"##### {title}")
                st.altair_chart(whole)
    for number, part in enumerate(_chart_specs(growth, method)):
        with columns[number % 2]:
            _show_chart(part, known, growth, marks)
    for place, run in enumerate(known):
        own = [mark for mark in marks if mark.run == place]
        if own and len(known) > 1:
            st.markdown(f"**{plain_text(run.title)}**")
        for mark in own:
            st.markdown(f"{mark.number}. {plain_text(f'{mark.checkpoint}: {mark.text}')}")
    st.caption(f"Means over the {len(known[0].recording.pictures)} recorded pictures.")


def _chart_specs(growth: Growth, method: str) -> list[_ChartSpec]:
    """The charts for which every run has the numbers."""
    layers = [one for run in growth for one in run]

    def every(part: _ChartSpec) -> bool:
        return all(part.value(one) is not None for one in layers)

    contrast = _CONTRAST
    if method == MASK:
        contrast = _CONTRAST._replace(
            rules=lambda *_: [ReferenceLine(FLAT, "flat")], note=f"{_CONTRAST.note} Dashed: flat."
        )
    return [
        _HEAD_ENTROPY if every(_HEAD_ENTROPY) else _ENTROPY,
        _DISTANCE if every(_DISTANCE) else _SPREAD,
        *([_EFFECT] if every(_EFFECT) else []),
        contrast,
        # Shares of one whole are as strong in every map.
        *([] if method == "raw-attention" else [_STRENGTH]),
        _DRIFT,
    ]


@st.cache_resource(max_entries=16, show_spinner=False)
def _cached_numbers(
    key: str, method: str, _run: RecordedRun
) -> tuple[tuple[LayerGrowth, ...], tuple[Event, ...]]:
    del key
    return layer_growth(_run.recording, method), growth_events(_run.recording, method)


def _show_chart(
    part: _ChartSpec,
    runs: Sequence[RecordedRun],
    growth: Growth,
    marks: Sequence[EventMark],
) -> None:
    st.markdown(f"##### {part.title}")
    shown = marks if part.marked else ()
    rules = part.rules(runs, growth)
    st.altair_chart(growth_chart(runs, growth, part.value, part.axis, rules=rules, marks=shown))
    st.caption(part.note)
