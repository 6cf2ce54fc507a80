"""A run in numbers: accuracy, loss, and how each layer's attention develops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import streamlit as st

from attnviz.training.recording.growth import (
    FLAT,
    MASK,
    GrowthEvent,
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
    "Evenness of attention",
    attrgetter("entropy"),
    "Entropy, 1 is even",
    "Low: a few positions get all attention. Dashed: an even map.",
    lambda *_: [ReferenceLine(1.0, "an even map")],
    marked=True,
)
_HEAD_ENTROPY = _ENTROPY._replace(
    value=attrgetter("head_entropy"),
    note="Mean over all queries; thin lines are heads. Low: a few positions get all attention. "
    "Dashed: even attention.",
    rules=lambda *_: [ReferenceLine(1.0, "even attention")],
)
_DISTANCE = _ChartSpec(
    "Attention distance",
    attrgetter("head_distance"),
    "Distance, px of the input",
    "Mean attention distance over all queries; thin lines are heads. Dashed: even attention.",
    even_distance,
    marked=True,
)
_SPREAD = _ChartSpec(
    "Spatial spread",
    attrgetter("spread"),
    "Spread, share of the side",
    "Standard deviation of the map around its centre of mass. Dashed: an even map.",
    even_spread,
    marked=True,
)
_EFFECT = _ChartSpec(
    "Effect of each block",
    attrgetter("effect"),
    "Relative effect",
    "How much the block changes its input, |y - x| / |x|. Near 0, its attention has no effect, "
    "however sharp the map is.",
)
_CONTRAST = _ChartSpec(
    "Contrast of the maps",
    attrgetter("contrast"),
    "Standard deviation",
    "Standard deviation over positions, in absolute units. Near 0: the map is flat.",
    marked=True,
)
_STRENGTH = _ChartSpec(
    "Strength of the maps",
    attrgetter("strength"),
    "Mean value",
    "In absolute units of the map.",
)
_DRIFT = _ChartSpec(
    "Distance from the final maps",
    attrgetter("drift"),
    "Divergence from the final map",
    "0: the map is as at the end of training. Attention can keep changing after accuracy has "
    "stopped improving.",
)


def show_charts(runs: Sequence[RecordedRun], method: str) -> None:
    """Show charts of one run or of two, and their events.

    Parameters
    ----------
    runs : sequence of RecordedRun
        One or two runs.
    method : str
        The method whose maps the numbers describe; runs without it are left out.
    """
    runs_with_method = [run for run in runs if method in recorded_methods(run.recording)]
    results = [_cached_numbers(run.key, method, run) for run in runs_with_method]
    growth = [layers for layers, _ in results]
    marks = number_events(runs_with_method, [events for _, events in results])
    columns = st.columns(2, gap="medium")
    for column, title, chart in (
        (columns[0], "Accuracy", progress_chart(runs)),
        (columns[1], "Loss", loss_chart(runs)),
    ):
        if chart is not None:
            with column:
                st.markdown(f"##### {title}")
                st.altair_chart(chart)
    for number, spec in enumerate(_chart_specs(growth, method)):
        with columns[number % 2]:
            _show_chart(spec, runs_with_method, growth, marks)
    for number, run in enumerate(runs_with_method):
        own = [mark for mark in marks if mark.run == number]
        if own and len(runs_with_method) > 1:
            st.markdown(f"**{plain_text(run.title)}**")
        for mark in own:
            st.markdown(f"{mark.number}. {plain_text(f'{mark.checkpoint}: {mark.text}')}")
    st.caption(f"Means over the {len(runs_with_method[0].recording.pictures)} recorded pictures.")


def _chart_specs(growth: Growth, method: str) -> list[_ChartSpec]:
    """The charts for which all runs have the numbers."""
    layers = [layer for run in growth for layer in run]

    def is_complete(spec: _ChartSpec) -> bool:
        return all(spec.value(layer) is not None for layer in layers)

    contrast = _CONTRAST
    if method == MASK:
        contrast = _CONTRAST._replace(
            rules=lambda *_: [ReferenceLine(FLAT, "flat")], note=f"{_CONTRAST.note} Dashed: flat."
        )
    return [
        _HEAD_ENTROPY if is_complete(_HEAD_ENTROPY) else _ENTROPY,
        _DISTANCE if is_complete(_DISTANCE) else _SPREAD,
        *([_EFFECT] if is_complete(_EFFECT) else []),
        contrast,
        # Raw attention sums to 1 in every map, so its strength says nothing.
        *([] if method == "raw-attention" else [_STRENGTH]),
        _DRIFT,
    ]


@st.cache_resource(max_entries=16, show_spinner=False)
def _cached_numbers(
    key: str, method: str, _run: RecordedRun
) -> tuple[tuple[LayerGrowth, ...], tuple[GrowthEvent, ...]]:
    del key
    return layer_growth(_run.recording, method), growth_events(_run.recording, method)


def _show_chart(
    spec: _ChartSpec,
    runs: Sequence[RecordedRun],
    growth: Growth,
    marks: Sequence[EventMark],
) -> None:
    st.markdown(f"##### {spec.title}")
    shown = marks if spec.marked else ()
    rules = spec.rules(runs, growth)
    st.altair_chart(growth_chart(runs, growth, spec.value, spec.axis, rules=rules, marks=shown))
    st.caption(spec.note)
