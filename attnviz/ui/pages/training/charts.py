"""Charts of a run over time: accuracy, loss, and numbers of each layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import numpy as np

from attnviz.training.recording.growth import LayerGrowth
from attnviz.ui.components.viewer import CLOCK_INPUT
from attnviz.ui.kit.charts import chart_from_rows
from attnviz.ui.pages.training.event_marks import EventMark
from attnviz.ui.pages.training.reference_lines import ReferenceLine
from attnviz.ui.pages.training.runs import RecordedRun

Layered = alt.LayerChart | alt.FacetChart

_PLOT, _LEGEND_ROW = 250, 24  # px
_LEGEND_WIDTH, _LETTER, _SYMBOL = 330, 6.5, 32  # px: width of a phone, parts of a label
_RUN = "run"
_EVENT = "#d95f02"
_NOW = "#8a8f98"


def progress_chart(runs: Sequence[RecordedRun]) -> Layered | None:
    """Draw accuracy against the epoch, one line for each run; None if no run measured it."""
    rows = [
        {"epoch": shot.epoch, "value": round(shot.accuracy, 4), _RUN: run.title}
        for run in runs
        for shot in run.recording.snapshots
        if math.isfinite(shot.accuracy)
    ]
    return _run_chart(runs, rows, "Accuracy", ".1%")


def loss_chart(runs: Sequence[RecordedRun]) -> Layered | None:
    """Draw loss against the epoch, one line for each run; None if no run measured it."""
    rows = [
        {"epoch": shot.epoch, "value": round(shot.loss, 4), _RUN: run.title}
        for run in runs
        for shot in run.recording.snapshots
        if math.isfinite(shot.loss)
    ]
    return _run_chart(runs, rows, "Loss", ".3f")


def _run_chart(
    runs: Sequence[RecordedRun], rows: Sequence[dict[str, Any]], title: str, form: str
) -> Layered | None:
    titles = [run.title for run in runs]
    return _sized(_lines(rows, _RUN, title, form), legend=titles) if rows else None


def growth_chart(
    runs: Sequence[RecordedRun],
    growth: Sequence[Sequence[LayerGrowth]],
    value: Callable[[LayerGrowth], Any],
    title: str,
    *,
    rules: Sequence[ReferenceLine] = (),
    marks: Sequence[EventMark] = (),
) -> Layered:
    """Draw one line for each layer; those of a second run are dashed.

    Parameters
    ----------
    runs : sequence of RecordedRun
        One or two runs.
    growth : sequence of sequence of LayerGrowth
        Numbers of each run's layers.
    value : callable
        Gives a layer's float array [T], or [T, heads]: then the mean is drawn, and each head as a
        thin line.
    title : str
        Title of the axis.
    rules : sequence of ReferenceLine
        Horizontal lines.
    marks : sequence of EventMark
        Events, as vertical lines.

    Returns
    -------
    alt.LayerChart or alt.FacetChart
        The number against the epoch.
    """
    rows: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    names = short_names([layer.layer for layers in growth for layer in layers])
    for run, layers in zip(runs, growth, strict=True):
        for layer in layers:
            table = np.asarray(value(layer)).reshape(len(run.recording.snapshots), -1)
            facts = {"layer": names[layer.layer], _RUN: run.title}
            times = [shot.epoch for shot in run.recording.snapshots]
            rows += [
                {"epoch": time, "value": round(float(row.mean()), 5), **facts}
                for time, row in zip(times, table, strict=True)
            ]
            if table.shape[1] > 1:
                heads += [
                    {"epoch": time, "value": round(float(number), 5), "head": head, **facts}
                    for time, row in zip(times, table, strict=True)
                    for head, number in enumerate(row, 1)
                ]
    parts: list[Any] = [_lines(rows, "layer", title, ".3f", dashed=len(runs) > 1)]
    if heads:
        parts.insert(0, _thin_lines(heads))
    if rules:
        levels = [{"value": rule.value, "meaning": rule.meaning} for rule in rules]
        line = chart_from_rows(levels).mark_rule(strokeDash=[2, 3], opacity=0.8)
        parts.append(line.encode(y="value:Q", tooltip=alt.Tooltip("meaning:N", title="Dashed")))
    return _sized(
        *parts,
        *_marked(marks),
        legend=[*names.values()],
        below=len(runs) if len(runs) > 1 else 0,
    )


def _colour(rows: Sequence[dict[str, Any]], field: str) -> alt.Color:
    """A colour for each name, in the order of first appearance instead of the alphabet."""
    names = list(dict.fromkeys(str(row[field]) for row in rows))
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=names))


def legend_columns(names: Sequence[str]) -> int:
    """Count the columns of a legend that fit on a phone."""
    longest = max(len(name) for name in names)
    return max(1, min(6, int(_LEGEND_WIDTH // (_LETTER * min(longest, 24) + _SYMBOL))))


def short_names(layers: Sequence[str]) -> dict[str, str]:
    """Strip trailing parts that all names share: `blocks.0.attention` becomes `blocks.0`."""
    split = {layer: layer.split(".") for layer in dict.fromkeys(layers)}
    while len(split) > 1 and all(len(parts) > 1 for parts in split.values()):
        if len({parts[-1] for parts in split.values()}) > 1:
            break
        split = {layer: parts[:-1] for layer, parts in split.items()}
    return {layer: ".".join(parts) for layer, parts in split.items()}


def _thin_lines(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    chart: alt.Chart = (
        chart_from_rows(rows)
        .mark_line(strokeWidth=0.8, opacity=0.35)
        .encode(
            x="epoch:Q", y="value:Q", color=_colour(rows, "layer"), detail=["head:N", f"{_RUN}:N"]
        )
    )
    return chart


def _marked(marks: Sequence[EventMark]) -> list[alt.Chart]:
    """A numbered vertical line for each mark; a second run's are dotted, with lower numbers."""
    parts = []
    for run_number in dict.fromkeys(mark.run for mark in marks):
        rows = [
            {"epoch": mark.epoch, "number": mark.number, "text": mark.text, _RUN: mark.title}
            for mark in marks
            if mark.run == run_number
        ]
        tips = [alt.Tooltip("text:N", title="Here"), alt.Tooltip(f"{_RUN}:N", title="Run")]
        line = chart_from_rows(rows).mark_rule(
            strokeWidth=1.5, strokeDash=[2, 3] if run_number else [6, 3], color=_EVENT
        )
        # Below each other: the numbers of two runs at one epoch would overlap.
        number = chart_from_rows(rows).mark_text(
            color=_EVENT, dx=7, dy=7 + 14 * run_number, fontWeight="bold", baseline="top"
        )
        parts += [
            line.encode(x="epoch:Q", tooltip=tips),
            number.encode(x="epoch:Q", y=alt.value(0), text="number:Q", tooltip=tips),
        ]
    return parts


def _sized(*parts: Any, legend: Sequence[str], below: int = 0) -> Layered:
    """The layers on one pair of axes, with a line at the time that the viewer shows."""
    rows = math.ceil(len(legend) / legend_columns(legend)) + below
    height = _PLOT + _LEGEND_ROW * rows
    bound: Any = alt.BindDirect(element=CLOCK_INPUT, event="input")
    time = alt.param(name="now", value=-1, bind=bound)
    line = (
        chart_from_rows([{}])
        .transform_calculate(at="toNumber(now)")
        .transform_filter("isValid(now) && now !== '' && toNumber(now) >= 0")
        .mark_rule(strokeWidth=1.5, color=_NOW)
        .encode(x="at:Q")
    )
    return alt.layer(*parts, line).add_params(time).properties(height=height)


def _lines(
    rows: Sequence[dict[str, Any]], colour: str, title: str, form: str, *, dashed: bool = False
) -> Layered:
    x = alt.X("epoch:Q", title="Epoch", scale=alt.Scale(nice=False))
    axis = alt.Axis(format="%") if form.endswith("%") else alt.Axis()
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=axis)
    names = [str(row[colour]) for row in rows]
    legend = alt.Legend(title=None, orient="top", columns=legend_columns(names), labelLimit=160)
    encoded: dict[str, Any] = {"x": x, "y": y, "color": _colour(rows, colour).legend(legend)}
    tipped = ["layer", _RUN] if colour == "layer" else [_RUN]
    if dashed:
        runs = list(dict.fromkeys(str(row[_RUN]) for row in rows))
        encoded["strokeDash"] = alt.StrokeDash(
            f"{_RUN}:N",
            scale=alt.Scale(domain=runs, range=[[1, 0], [5, 4]]),
            legend=alt.Legend(title=None, orient="bottom", columns=1, labelLimit=300),
        )
    line = chart_from_rows(rows).mark_line(strokeWidth=2).encode(**encoded)
    tips = [
        *(alt.Tooltip(f"{name}:N", title=name.capitalize()) for name in tipped),
        alt.Tooltip("epoch:Q", title="Epoch", format=".3g"),
        alt.Tooltip("value:Q", title=title, format=form),
    ]
    points = (
        chart_from_rows(rows)
        .mark_circle(size=36, opacity=0.6)
        .encode(x=x, y=y, color=encoded["color"], tooltip=tips)
    )
    return alt.layer(line, points)
