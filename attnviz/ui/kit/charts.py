"""Charts of a map's curves beside those of baseline maps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from attnviz.evidence.curve_names import CENTRED, INVERTED, RANDOM, THIS_MAP
from attnviz.types import FloatArray

COLOURS = {THIS_MAP: "#0d9488", RANDOM: "#78716c", CENTRED: "#c2710c", INVERTED: "#7c3aed"}
PROBABILITY, MARGIN = "Probability", "Margin, logits"


def baseline_chart(
    shares: Sequence[float],
    curves: Mapping[str, FloatArray],
    title: str,
    *,
    margin: bool,
    root: bool = False,
    at: float | None = None,
    height: int = 300,
) -> alt.LayerChart:
    """Draw the mean curve of each map, with a band from lowest to highest if it has several.

    Parameters
    ----------
    shares : sequence of float
        m shares of the picture in 0..1.
    curves : mapping of str to float32 [n, m]
        n curves by name, a key of `COLOURS`.
    title : str
        Title of the axis of shares.
    margin : bool
        Whether the values are logit margins instead of probabilities.
    root : bool
        Whether to use a square-root axis, which gives small shares more room.
    at : float, optional
        A share to mark with a line.
    height : int
        Height in px.

    Returns
    -------
    alt.LayerChart
        Score against the share of the picture.
    """
    value = MARGIN if margin else PROBABILITY
    x = alt.X("share:Q", title=title, scale=alt.Scale(type="sqrt" if root else "linear"))
    y = alt.Y("value:Q", title=value, scale=alt.Scale() if margin else alt.Scale(domain=[0, 1]))
    names = [name for name in COLOURS if name in curves]
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(domain=names, range=[COLOURS[name] for name in names]),
        legend=alt.Legend(title=None, orient="top", columns=2),
    )
    tooltip = [
        alt.Tooltip("name:N", title="Map"),
        alt.Tooltip("share:Q", title="Share, %"),
        alt.Tooltip("value:Q", title=value, format=".2f"),
    ]
    rows = [
        {"name": name, "share": share, "value": value}
        for name in sorted(names, key=lambda one: one == THIS_MAP)
        for share, value in _points(shares, curves[name].mean(axis=0))
    ]
    layers = [_band(shares, curves[name], COLOURS[name]) for name in names if len(curves[name]) > 1]
    line = chart_from_rows(rows).mark_line(point={"size": 22})
    layers.append(line.encode(x=x, y=y, color=colour, tooltip=tooltip))
    if at is not None:
        rule = chart_from_rows([{"share": round(100 * at, 3)}]).mark_rule(
            strokeDash=[4, 3], opacity=0.7
        )
        layers.append(rule.encode(x="share:Q"))
    return alt.LayerChart(layer=layers, height=height)


def _band(shares: Sequence[float], curves: FloatArray, colour: str) -> alt.Chart:
    """A band from the lowest to the highest of several curves."""
    lows, highs = _points(shares, curves.min(axis=0)), _points(shares, curves.max(axis=0))
    rows = [
        {"share": share, "low": low, "high": high}
        for (share, low), (_, high) in zip(lows, highs, strict=True)
    ]
    area = chart_from_rows(rows).mark_area(opacity=0.22, color=colour)
    chart: alt.Chart = area.encode(x="share:Q", y="low:Q", y2="high:Q")
    return chart


def _points(shares: Sequence[float], line: FloatArray) -> list[tuple[float, float]]:
    return [
        (round(100 * float(share), 3), round(float(value), 4))
        for share, value in zip(shares, line, strict=True)
    ]


def chart_from_rows(rows: Iterable[dict[str, Any]]) -> alt.Chart:
    """Make a chart of these rows, without a mark yet."""
    data: Any = alt.Data  # altair leaves it untyped
    return alt.Chart(data(values=list(rows)))
