"""Charts of a round: the network's certainty, and the score of each map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from attnviz.evidence.faithfulness.recognition import RecognitionCurve
from attnviz.metrics.bootstrap import Interval
from attnviz.metrics.click_scores import CHANCE
from attnviz.types import FloatArray
from attnviz.ui.kit.charts import chart_from_rows
from attnviz.ui.kit.findings import bar_html
from attnviz.ui.pages.you_and_the_model.texts import BUBBLE_TITLES, COLOURS, RANDOM

_SIZE = 340
_CHANCE = "chance"


def recognition_chart(
    lines: Mapping[str, RecognitionCurve],
    random: Sequence[RecognitionCurve],
    sharp: RecognitionCurve,
    *,
    margin: bool,
) -> alt.LayerChart:
    """Draw the score of the class against the number of open bubbles.

    Parameters
    ----------
    lines : mapping of str to RecognitionCurve
        Curves by side, a key of `COLOURS`.
    random : sequence of RecognitionCurve
        Curves of random bubbles: a line for their mean, a band from the lowest to the highest.
    sharp : RecognitionCurve
        The picture without blur, a dashed line.
    margin : bool
        Whether to draw logit margins instead of probabilities.

    Returns
    -------
    alt.LayerChart
        Score against the number of open bubbles.
    """

    def of(curve: RecognitionCurve) -> FloatArray:
        return curve.margin if margin else curve.probability

    chance = np.stack([of(curve) for curve in random])
    drawn = {**{name: of(curve) for name, curve in lines.items()}, RANDOM: chance.mean(0)}
    title = "Margin, logits" if margin else "Probability of the class"
    most = max(len(line) for line in drawn.values()) - 1
    ticks = alt.Axis(tickMinStep=1, tickCount=min(most, 15), format="d")
    x = alt.X("bubbles:Q", title="Bubbles open", axis=ticks, scale=alt.Scale(domain=[0, most]))
    # Not always up to 1: under strong blur the curves would lie on the axis.
    highest = max(float(line.max()) for line in (*drawn.values(), chance, of(sharp)))
    scale = alt.Scale() if margin else alt.Scale(domain=[0, min(1.0, 1.1 * highest)])
    y = alt.Y("value:Q", title=title, scale=scale)
    names = [name for name in COLOURS if name in drawn]
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(domain=names, range=[COLOURS[name] for name in names]),
        legend=alt.Legend(title=None, orient="top"),
    )
    tooltip = [
        alt.Tooltip("name:N", title="Bubbles of"),
        alt.Tooltip("bubbles:Q", title="Open"),
        alt.Tooltip("value:Q", title=title, format=".2f"),
    ]
    rows = [
        {"name": name, "bubbles": index, "value": round(float(value), 4)}
        for name, line in drawn.items()
        for index, value in enumerate(line)
    ]
    band = chart_from_rows(
        {"bubbles": index, "low": round(float(low), 4), "high": round(float(high), 4)}
        for index, (low, high) in enumerate(zip(chance.min(0), chance.max(0), strict=True))
    ).mark_area(opacity=0.2, color=COLOURS[RANDOM])
    level = chart_from_rows([{"value": round(float(of(sharp)[0]), 4), "what": "the sharp picture"}])
    layers = [
        band.encode(x="bubbles:Q", y="low:Q", y2="high:Q"),
        level.mark_rule(strokeDash=[6, 4], color="#888").encode(y="value:Q"),
        level.mark_text(align="left", dx=4, dy=-7, x=0, color="#888").encode(
            y="value:Q", text="what:N"
        ),
        chart_from_rows(rows)
        .mark_line(point={"size": 34})
        .encode(x=x, y=y, color=colour, tooltip=tooltip),
    ]
    return alt.LayerChart(layer=layers, height=_SIZE)


def recognition_bars(
    lines: Mapping[str, RecognitionCurve],
    random: Sequence[RecognitionCurve],
    sharp: RecognitionCurve,
) -> str:
    """Draw the ends of the curves as bars.

    Parameters
    ----------
    lines, random, sharp
        As for `recognition_chart`.

    Returns
    -------
    str
        HTML, with a title.
    """
    ends = {
        "no blur": float(sharp.probability[0]),
        **{BUBBLE_TITLES[name]: float(curve.probability[-1]) for name, curve in lines.items()},
        BUBBLE_TITLES[RANDOM]: float(np.mean([curve.probability[-1] for curve in random])),
        "no bubble": float(random[0].probability[0]),
    }
    colours = ["#888", *(COLOURS[name] for name in lines), COLOURS[RANDOM], "#888"]
    bars = "".join(
        bar_html(name, f"{value:.2f}", value, colour)
        for (name, value), colour in zip(ends.items(), colours, strict=True)
    )
    title = '<div class="av-title">Probability of the class with all bubbles open</div>'
    return f'{title}<div class="av-bars">{bars}</div>'


def score_chart(name: str, scores: Mapping[str, Interval]) -> alt.LayerChart:
    """Draw one score of every map with its interval, and a dashed line for chance.

    Parameters
    ----------
    name : str
        The score, a key of `CHANCE`.
    scores : mapping of str to Interval
        Scores by map, in the order in which they are drawn.

    Returns
    -------
    alt.LayerChart
        One row for each map.
    """
    chance = CHANCE[name]
    order = [_CHANCE, *scores]
    rows = [
        {"map": _CHANCE, "mean": chance, "low": chance, "high": chance},
        *(
            {"map": title, "mean": interval.mean, "low": interval.low, "high": interval.high}
            for title, interval in scores.items()
        ),
    ]
    spread = [float(row[key]) for row in rows for key in ("low", "high")]  # type: ignore[arg-type]
    pad = 0.08 * (max(spread) - min(spread) or 1.0)
    scale = alt.Scale(domain=[min(spread) - pad, max(spread) + pad], nice=False)
    base = chart_from_rows({**row, "text": _interval_text(row)} for row in rows)
    y = alt.Y("map:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, ticks=False))
    x = alt.X("mean:Q", title=None, scale=scale, axis=alt.Axis(tickCount=4))
    tooltip = [alt.Tooltip("map:N", title="Map"), alt.Tooltip("text:N", title=name)]
    colour = alt.condition(
        alt.datum.map == order[-1], alt.value(COLOURS["the model"]), alt.value(COLOURS[RANDOM])
    )
    layers = [
        chart_from_rows(rows[:1]).mark_rule(strokeDash=[5, 4], color="#888").encode(x=x),
        base.mark_rule(strokeWidth=3, opacity=0.5).encode(
            x=alt.X("low:Q", scale=scale), x2="high:Q", y=y, color=colour, tooltip=tooltip
        ),
        base.mark_point(size=80, filled=True, opacity=1).encode(
            x=x, y=y, color=colour, tooltip=tooltip
        ),
    ]
    return alt.LayerChart(layer=layers, height=36 * len(order))


def _interval_text(row: Mapping[str, Any]) -> str:
    low, high, mean = (float(row[key]) for key in ("low", "high", "mean"))
    return f"{mean:.2f}" if low == high else f"{mean:.2f} [{low:.2f}, {high:.2f}]"
