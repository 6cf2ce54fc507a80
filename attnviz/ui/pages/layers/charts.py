"""Charts of numbers of each layer, in the colours of the theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from attnviz.analysis.layer_statistics import AttentionFacts, GateBars
from attnviz.types import FloatArray
from attnviz.ui.kit.charts import chart_from_rows

_HEIGHT = 320
_LEGEND = alt.Legend(title=None, orient="top", columns=2)  # phones would cut off a single row
SHOWN_GATES = 24
_BINS = 24


def entropy_chart(facts: Sequence[AttentionFacts]) -> alt.LayerChart:
    """Draw the entropy of each head in each layer, with a line for uniform attention."""
    return _heads_chart(
        [one.layer for one in facts],
        [one.entropy[0] for one in facts],
        [one.even_entropy for one in facts],
        "Entropy, nats",
    )


def distance_chart(facts: Sequence[AttentionFacts]) -> alt.LayerChart | None:
    """Draw the mean attention distance of each head, with a line for uniform attention.

    Parameters
    ----------
    facts : sequence of AttentionFacts
        Numbers of each layer. Layers whose only query is the class token have no distance.

    Returns
    -------
    alt.LayerChart or None
        None if no layer has a distance.
    """
    known = [one for one in facts if math.isfinite(one.even_distance)]
    if not known:
        return None
    return _heads_chart(
        [one.layer for one in known],
        [one.distance[0] for one in known],
        [one.even_distance for one in known],
        "Distance, px of the input",
    )


def _heads_chart(
    layers: Sequence[str], heads: Sequence[FloatArray], even: Sequence[float], title: str
) -> alt.LayerChart:
    points = [
        {"layer": number, "name": name, "head": head, "value": round(float(value), 4)}
        for number, (name, values) in enumerate(zip(layers, heads, strict=True), 1)
        for head, value in enumerate(values, 1)
    ]
    means = [_point(n, layers, float(np.mean(values))) for n, values in enumerate(heads)]
    evens = [_point(n, layers, value) for n, value in enumerate(even)]
    dots = (
        chart_from_rows(points)
        .mark_circle(size=55, opacity=0.75)
        .encode(
            color=alt.ColorDatum("one head"),
            tooltip=[
                alt.Tooltip("name:N", title="Layer"),
                alt.Tooltip("head:Q", title="Head"),
                alt.Tooltip("value:Q", title=title, format=".2f"),
            ],
        )
    )
    mean = _line(means, "mean of the heads", title)
    line = _line(evens, "even attention", title, dashed=True)
    x = alt.X("layer:O", title="Layer", axis=alt.Axis(labelAngle=0))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=True))
    layered = alt.layer(*(part.encode(x=x, y=y) for part in (mean, line, dots)))
    return layered.encode(color=alt.Color(legend=_LEGEND)).properties(height=_HEIGHT)


def _point(number: int, layers: Sequence[str], value: float) -> dict[str, Any]:
    return {"layer": number + 1, "name": layers[number], "value": round(value, 4)}


def _line(
    values: Sequence[dict[str, Any]], name: str, title: str, *, dashed: bool = False
) -> alt.Chart:
    # A line through a single layer would be invisible without its points.
    chart: alt.Chart = (
        chart_from_rows(values)
        .mark_line(strokeDash=[6, 4] if dashed else [1, 0], point={"size": 20})
        .encode(
            color=alt.ColorDatum(name),
            tooltip=[
                alt.Tooltip("name:N", title="Layer"),
                alt.Tooltip("value:Q", title=f"{title}, {name}", format=".2f"),
            ],
        )
    )
    return chart


def spread_chart(
    layers: Sequence[str], spread: Sequence[float], even: Sequence[float]
) -> alt.LayerChart:
    """Draw the spatial spread of each map, with that of a uniform map.

    Parameters
    ----------
    layers : sequence of str
        Names of the layers.
    spread : sequence of float
        Spatial spread of each map, in px of the input.
    even : sequence of float
        Spread of a uniform map on the same grid.

    Returns
    -------
    alt.LayerChart
        Spread by layer.
    """
    title = "Spread, px of the input"
    found = [_point(n, layers, value) for n, value in enumerate(spread)]
    evens = [_point(n, layers, value) for n, value in enumerate(even)]
    x = alt.X("layer:O", title="Layer", axis=alt.Axis(labelAngle=0))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=True))
    lines = (_line(found, "this map", title), _line(evens, "even map", title, dashed=True))
    layered = alt.layer(*(part.encode(x=x, y=y) for part in lines))
    return layered.encode(color=alt.Color(legend=_LEGEND)).properties(height=_HEIGHT)


def share_chart(layers: Sequence[str], shares: Sequence[float]) -> alt.Chart:
    """Draw the share that each mask has in the output of its block.

    Parameters
    ----------
    layers : sequence of str
        Names of the layers.
    shares : sequence of float
        Share of each mask, 0..1.

    Returns
    -------
    alt.Chart
        Share by layer.
    """
    values = [_point(n, layers, share) for n, share in enumerate(shares)]
    chart: alt.Chart = (
        chart_from_rows(values)
        .mark_bar(size=28)
        .encode(
            x=alt.X("layer:O", title="Layer", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title="Share of the mask, 0 to 1", scale=alt.Scale(domain=[0, 1])),
            tooltip=[
                alt.Tooltip("name:N", title="Layer"),
                alt.Tooltip("value:Q", title="Share", format=".3f"),
            ],
        )
        .properties(height=_HEIGHT)
    )
    return chart


def gate_chart(bars: GateBars) -> alt.Chart:
    """Draw the 24 highest gates as bars, highest first."""
    top = zip(bars.channels[:SHOWN_GATES], bars.values[:SHOWN_GATES], strict=True)
    values = [
        {"channel": str(int(channel)), "gate": round(float(gate), 4)} for channel, gate in top
    ]
    chart: alt.Chart = (
        chart_from_rows(values)
        .mark_bar()
        .encode(
            x=alt.X("channel:N", sort=None, title="Channel", axis=alt.Axis(labelAngle=-90)),
            y=alt.Y("gate:Q", title="Gate", scale=alt.Scale(zero=True)),
            tooltip=[
                alt.Tooltip("channel:N", title="Channel"),
                alt.Tooltip("gate:Q", title="Gate", format=".4f"),
            ],
        )
        .properties(height=_HEIGHT)
    )
    return chart


def gate_spread_chart(bars: GateBars) -> alt.Chart:
    """Draw a histogram of all gates, with 24 bins from lowest to highest."""
    counts, edges = np.histogram(bars.values.astype(np.float64), bins=_BINS)
    values = [
        {"from": float(left), "to": float(right), "count": int(count)}
        for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    chart: alt.Chart = (
        chart_from_rows(values)
        .mark_bar()
        .encode(
            x=alt.X("from:Q", bin="binned", title="Gate", scale=alt.Scale(zero=False)),
            x2="to:Q",
            y=alt.Y("count:Q", title="Channels", axis=alt.Axis(tickMinStep=1, format="d")),
            tooltip=[
                alt.Tooltip("from:Q", title="From", format=".4f"),
                alt.Tooltip("to:Q", title="To", format=".4f"),
                alt.Tooltip("count:Q", title="Channels"),
            ],
        )
        .properties(height=_HEIGHT)
    )
    return chart
