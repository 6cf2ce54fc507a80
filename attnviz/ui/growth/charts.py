"""How a run went, against time: accuracy on top, and each layer's numbers below."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import numpy as np

from attnviz.training.growth import Event, LayerGrowth
from attnviz.ui.growth.runs import Run

Layered = alt.LayerChart | alt.FacetChart

_HEIGHT = 300  # px
_RUN = "run"


def progress_chart(runs: Sequence[Run]) -> Layered | None:
    """Accuracy of each run against the epoch; None if none was measured."""
    rows = [
        {"epoch": shot.epoch, "value": round(shot.accuracy, 4), _RUN: run.title}
        for run in runs
        for shot in run.recording.snapshots
        if math.isfinite(shot.accuracy)
    ]
    return _sized(_lines(rows, _RUN, "Accuracy", ".1%")) if rows else None


def loss_chart(runs: Sequence[Run]) -> Layered | None:
    """Loss of each run against the epoch; None if none was measured."""
    rows = [
        {"epoch": shot.epoch, "value": round(shot.loss, 4), _RUN: run.title}
        for run in runs
        for shot in run.recording.snapshots
        if math.isfinite(shot.loss)
    ]
    return _sized(_lines(rows, _RUN, "Loss", ".3f")) if rows else None


def growth_chart(
    runs: Sequence[Run],
    growth: Sequence[Sequence[LayerGrowth]],
    value: Callable[[LayerGrowth], Any],
    title: str,
    *,
    even: float | None = None,
    events: Sequence[Event] = (),
) -> Layered:
    """One line a layer; the second run's are dashed. `even` draws the line of an even map.

    events: of the first run, as vertical lines.
    """
    rows = [
        {
            "epoch": shot.epoch,
            "value": round(float(number), 5),
            "layer": one.layer,
            _RUN: run.title,
        }
        for run, layers in zip(runs, growth, strict=True)
        for one in layers
        for shot, number in zip(run.recording.snapshots, value(one), strict=True)
    ]
    parts: list[Any] = [_lines(rows, "layer", title, ".3f", dashed=len(runs) > 1)]
    if even is not None:
        line = _chart([{"value": even}]).mark_rule(strokeDash=[2, 3], opacity=0.7)
        parts.append(line.encode(y="value:Q", tooltip=alt.value("an even map")))
    times = [
        {"epoch": runs[0].recording.snapshots[one.checkpoint].epoch, "text": one.text}
        for one in events
    ]
    if times:
        marks = _chart(times).mark_rule(strokeWidth=1.5, strokeDash=[6, 3], color="#d95f02")
        tip = alt.Tooltip("text:N", title="Here")
        parts.append(marks.encode(x="epoch:Q", tooltip=tip))
    return _sized(*parts)


def _sized(*parts: Any) -> Layered:
    return alt.layer(*parts).properties(height=_HEIGHT)


def _lines(
    rows: Sequence[dict[str, Any]], colour: str, title: str, form: str, *, dashed: bool = False
) -> Layered:
    x = alt.X("epoch:Q", title="Epoch", scale=alt.Scale(nice=False))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
    legend = alt.Legend(title=None, orient="top", columns=2, labelLimit=160)
    encoded: dict[str, Any] = {"x": x, "y": y, "color": alt.Color(f"{colour}:N", legend=legend)}
    names = ["layer", _RUN] if colour == "layer" else [_RUN]
    if dashed:
        encoded["strokeDash"] = alt.StrokeDash(f"{_RUN}:N", legend=legend)
    line = _chart(rows).mark_line(strokeWidth=2).encode(**encoded)
    tips = [
        *(alt.Tooltip(f"{name}:N", title=name.capitalize()) for name in names),
        alt.Tooltip("epoch:Q", title="Epoch", format=".3g"),
        alt.Tooltip("value:Q", title=title, format=form),
    ]
    points = (
        _chart(rows)
        .mark_circle(size=36, opacity=0.6)
        .encode(x=x, y=y, color=encoded["color"], tooltip=tips)
    )
    return alt.layer(line, points)


def _chart(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    data: Any = alt.Data  # altair leaves it untyped
    return alt.Chart(data(values=list(rows)))


def shown_events(events: Sequence[Event], checkpoints: Sequence[str]) -> list[str]:
    """Events as sentences with their time, the same time once."""
    return [f"{checkpoints[one.checkpoint]}: {one.text}" for one in events]


def even_spread(growth: Sequence[LayerGrowth]) -> float:
    """Of an even map; layers' grids differ little in it."""
    return float(np.mean([one.even_spread for one in growth]))
