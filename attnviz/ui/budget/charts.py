"""The map against maps that know nothing: how sure the network is over the sharp share."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from attnviz.evidence.budget import RANDOM, Answers, Budget
from attnviz.ui.budget.words import TITLES, percent

FloatArray = npt.NDArray[np.float32]
OWN = "this map"
_COLOURS = {
    OWN: "#0d9488",
    **dict(zip(TITLES.values(), ("#78716c", "#c2710c", "#7c3aed"), strict=True)),
}


def curves_chart(budget: Budget, *, margin: bool) -> alt.LayerChart:
    """Probability, or margin, over the sharp share at the strongest blur, for each map."""
    title = "Margin, logits" if margin else "Probability"

    def values(answers: Answers) -> FloatArray:
        return answers.margin if margin else answers.probability

    controls = {TITLES[name]: values(one) for name, one in budget.controls.items()}
    lines = {name: one.mean(axis=0) for name, one in controls.items()}
    lines[OWN] = values(budget.answers)[-1]
    x = alt.X("share:Q", title="Sharp share of the picture, %", scale=alt.Scale(type="sqrt"))
    scale = alt.Scale() if margin else alt.Scale(domain=[0, 1])
    y = alt.Y("value:Q", title=title, scale=scale)
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
        legend=alt.Legend(title=None, orient="top", columns=2),
    )
    tooltip = [
        alt.Tooltip("name:N", title="Map"),
        alt.Tooltip("share:Q", title="Sharp, %"),
        alt.Tooltip("value:Q", title=title, format=".2f"),
    ]
    rows = [
        {"name": name, "share": share, "value": value}
        for name, line in lines.items()
        for share, value in _points(budget.shares, line)
    ]
    drawn: alt.Chart = (
        _chart(rows).mark_line(point={"size": 22}).encode(x=x, y=y, color=colour, tooltip=tooltip)
    )
    band = _band(budget.shares, controls[TITLES[RANDOM]])
    return alt.LayerChart(layer=[band, drawn], height=300)


def _band(shares: Sequence[float], seeds: FloatArray) -> alt.Chart:
    """From the lowest to the highest of the random maps."""
    lows, highs = _points(shares, seeds.min(axis=0)), _points(shares, seeds.max(axis=0))
    rows = [
        {"share": share, "low": low, "high": high}
        for (share, low), (_, high) in zip(lows, highs, strict=True)
    ]
    colour = _COLOURS[TITLES[RANDOM]]
    chart: alt.Chart = (
        _chart(rows)
        .mark_area(opacity=0.22, color=colour)
        .encode(x="share:Q", y="low:Q", y2="high:Q")
    )
    return chart


def _points(shares: Sequence[float], line: FloatArray) -> list[tuple[float, float]]:
    return [
        (round(100 * share, 3), round(float(value), 4))
        for share, value in zip(shares, line, strict=True)
    ]


def _chart(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    data: Any = alt.Data  # altair leaves it untyped
    return alt.Chart(data(values=list(rows)))


def share_bars(budget: Budget) -> str:
    """How much of the picture each map needs at the strongest blur, as bars under a title; HTML.

    Where the strongest blur does not hide the class, the smallest share is 0 for every map; what
    still tells them apart is the share from which on the decision is kept.
    """
    if budget.hidden:
        title, own = "Smallest sharp share that keeps the decision", budget.smallest
        found = {name: budget.smallest_of(name) for name in budget.controls}
    else:
        title, own = "Sharp share from which on the decision is kept", budget.always_from
        found = {name: budget.always_from_of(name) for name in budget.controls}
    bars = [_bar(OWN, own[-1:]), *(_bar(TITLES[name], one) for name, one in found.items())]
    return f'<div class="av-title">{title}</div><div class="av-bars">{"".join(bars)}</div>'


def _bar(name: str, shares: FloatArray) -> str:
    low, middle, high = float(shares.min()), float(np.median(shares)), float(shares.max())
    spread = f" ({percent(low)} to {percent(high)})" if low < high else ""
    width = 0.0 if np.isnan(middle) else 100 * middle
    return (
        f'<div class="av-bar"><div class="av-row"><span>{html.escape(name)}</span>'
        f'<span class="av-num">{percent(middle)}{spread}</span></div>'
        f'<div class="av-track"><b style="width:{width:.1f}%;background:{_COLOURS[name]}"></b>'
        "</div></div>"
    )
