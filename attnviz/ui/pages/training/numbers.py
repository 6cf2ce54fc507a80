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
from attnviz.ui.pages.training.chart_rules import Growth, Rule, even_distance, even_spread
from attnviz.ui.pages.training.charts import growth_chart, loss_chart, progress_chart
from attnviz.ui.pages.training.marks import Mark, numbered
from attnviz.ui.pages.training.runs import Run


class _Part(NamedTuple):
    """A chart of one number of each layer."""

    title: str
    value: Callable[[LayerGrowth], Any]
    axis: str
    note: str
    rules: Callable[[Sequence[Run], Growth], Sequence[Rule]] = lambda *_: ()
    marked: bool = False


_ENTROPY = _Part(
    "How evenly each layer looks",
    attrgetter("entropy"),
    "Entropy, 1 is even",
    "Low: a few places get it all. Dashed: an even map.",
    lambda *_: [Rule(1.0, "an even map")],
    marked=True,
)
_HEAD_ENTROPY = _ENTROPY._replace(
    value=attrgetter("head_entropy"),
    note="Mean over all queries; thin lines are heads. Low: a few places get it all. "
    "Dashed: even attention.",
    rules=lambda *_: [Rule(1.0, "even attention")],
)
_DISTANCE = _Part(
    "How far each layer looks",
    attrgetter("head_distance"),
    "Distance, px of the input",
    "Mean attention distance over all queries; thin lines are heads. Dashed: even attention.",
    even_distance,
    marked=True,
)
_SPREAD = _Part(
    "How wide each layer looks",
    attrgetter("spread"),
    "Spread, share of the side",
    "Standard deviation of the map's mass around its middle. Dashed: an even map.",
    even_spread,
    marked=True,
)
_EFFECT = _Part(
    "How much each block does",
    attrgetter("effect"),
    "Relative effect",
    "How much the block changes what runs through it, |y - x| / |x|. Near 0, its attention "
    "decides nothing, however sharp the map.",
)
_CONTRAST = _Part(
    "How flat its maps are",
    attrgetter("contrast"),
    "Deviation over places",
    "Standard deviation over the places, absolute. Near 0: the map picks nothing.",
    marked=True,
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
    """Charts of one run, or of two beside each other, and what happened in them."""
    known = [run for run in runs if method in recorded_methods(run.recording)]
    found = [_numbers(run.key, method, run) for run in known]
    growth = [one for one, _ in found]
    marks = numbered(known, [happened for _, happened in found])
    columns = st.columns(2, gap="medium")
    for column, title, whole in (
        (columns[0], "How often it is right", progress_chart(runs)),
        (columns[1], "Loss", loss_chart(runs)),
    ):
        if whole is not None:
            with column:
                st.markdown(f"##### {title}")
                st.altair_chart(whole)
    for number, part in enumerate(_parts(growth, method)):
        with columns[number % 2]:
            _show(part, known, growth, marks)
    for place, run in enumerate(known):
        own = [mark for mark in marks if mark.run == place]
        if own and len(known) > 1:
            st.markdown(f"**{plain_text(run.title)}**")
        for mark in own:
            st.markdown(f"{mark.number}. {plain_text(f'{mark.checkpoint}: {mark.text}')}")
    st.caption(f"Means over the {len(known[0].recording.pictures)} recorded pictures.")


def _parts(growth: Growth, method: str) -> list[_Part]:
    """The charts for which every run has the numbers."""
    layers = [one for run in growth for one in run]

    def every(part: _Part) -> bool:
        return all(part.value(one) is not None for one in layers)

    contrast = _CONTRAST
    if method == MASK:
        contrast = _CONTRAST._replace(
            rules=lambda *_: [Rule(FLAT, "flat")], note=f"{_CONTRAST.note} Dashed: flat."
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
def _numbers(key: str, method: str, _run: Run) -> tuple[tuple[LayerGrowth, ...], tuple[Event, ...]]:
    del key
    return layer_growth(_run.recording, method), growth_events(_run.recording, method)


def _show(
    part: _Part,
    runs: Sequence[Run],
    growth: Growth,
    marks: Sequence[Mark],
) -> None:
    st.markdown(f"##### {part.title}")
    shown = marks if part.marked else ()
    rules = part.rules(runs, growth)
    st.altair_chart(growth_chart(runs, growth, part.value, part.axis, rules=rules, marks=shown))
    st.caption(part.note)
