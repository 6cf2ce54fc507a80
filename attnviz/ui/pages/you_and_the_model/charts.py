"""A round as charts: how surely the network knows the picture, and how near each map comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from attnviz.evidence.faithfulness.recognition import RecognitionCurve
from attnviz.metrics.bootstrap import Interval
from attnviz.metrics.click_scores import CHANCE
from attnviz.types import FloatArray
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
    """Probability, or margin, of the class against the number of bubbles that are open.

    Args:
        lines: by side, keys of `COLOURS`.
        random: curves of random places; their mean is a line, from lowest to highest a band.
        sharp: of the picture without blur, a dashed line.
        margin: whether to show the margin in logits.
    """

    def of(curve: RecognitionCurve) -> FloatArray:
        return curve.margin if margin else curve.probability

    chance = np.stack([of(one) for one in random])
    drawn = {**{name: of(one) for name, one in lines.items()}, RANDOM: chance.mean(0)}
    title = "Margin, logits" if margin else "Probability of its class"
    most = max(len(line) for line in drawn.values()) - 1
    ticks = alt.Axis(tickMinStep=1, tickCount=min(most, 15), format="d")
    x = alt.X("bubbles:Q", title="Bubbles open", axis=ticks, scale=alt.Scale(domain=[0, most]))
    # Not always to 1: where blur hides nearly all, the curves would lie on the axis.
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
    band = _chart(
        {"bubbles": index, "low": round(float(low), 4), "high": round(float(high), 4)}
        for index, (low, high) in enumerate(zip(chance.min(0), chance.max(0), strict=True))
    ).mark_area(opacity=0.2, color=COLOURS[RANDOM])
    whole = _chart([{"value": round(float(of(sharp)[0]), 4), "what": "the sharp picture"}])
    layers = [
        band.encode(x="bubbles:Q", y="low:Q", y2="high:Q"),
        whole.mark_rule(strokeDash=[6, 4], color="#888").encode(y="value:Q"),
        whole.mark_text(align="left", dx=4, dy=-7, x=0, color="#888").encode(
            y="value:Q", text="what:N"
        ),
        _chart(rows).mark_line(point={"size": 34}).encode(x=x, y=y, color=colour, tooltip=tooltip),
    ]
    return alt.LayerChart(layer=layers, height=_SIZE)


def recognition_bars(
    lines: Mapping[str, RecognitionCurve],
    random: Sequence[RecognitionCurve],
    sharp: RecognitionCurve,
) -> str:
    """The probabilities between which the curves run, as bars; HTML. Arguments as for the chart."""
    ends = {
        "no blur": float(sharp.probability[0]),
        **{BUBBLE_TITLES[name]: float(one.probability[-1]) for name, one in lines.items()},
        BUBBLE_TITLES[RANDOM]: float(np.mean([one.probability[-1] for one in random])),
        "no bubble": float(random[0].probability[0]),
    }
    colours = ["#888", *(COLOURS[name] for name in lines), COLOURS[RANDOM], "#888"]
    bars = "".join(
        f'<div class="av-bar"><div class="av-row"><span>{name}</span>'
        f'<span class="av-num">{value:.2f}</span></div><div class="av-track">'
        f'<b style="width:{100 * value:.1f}%;background:{colour}"></b></div></div>'
        for (name, value), colour in zip(ends.items(), colours, strict=True)
    )
    title = '<div class="av-title">Probability of its class in the end</div>'
    return f'{title}<div class="av-bars">{bars}</div>'


def score_chart(name: str, scores: Mapping[str, Interval]) -> alt.LayerChart:
    """One score of every map with its interval; a dashed line where chance lies.

    Args:
        name: of the score, a key of `CHANCE`.
        scores: by map, in the order in which they are drawn.
    """
    chance = CHANCE[name]
    order = [_CHANCE, *scores]
    rows = [
        {"map": _CHANCE, "mean": chance, "low": chance, "high": chance},
        *(
            {"map": one, "mean": found.mean, "low": found.low, "high": found.high}
            for one, found in scores.items()
        ),
    ]
    spread = [float(row[key]) for row in rows for key in ("low", "high")]  # type: ignore[arg-type]
    pad = 0.08 * (max(spread) - min(spread) or 1.0)
    scale = alt.Scale(domain=[min(spread) - pad, max(spread) + pad], nice=False)
    base = _chart({**row, "text": _interval_text(row)} for row in rows)
    y = alt.Y("map:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, ticks=False))
    x = alt.X("mean:Q", title=None, scale=scale, axis=alt.Axis(tickCount=4))
    tooltip = [alt.Tooltip("map:N", title="Map"), alt.Tooltip("text:N", title=name)]
    colour = alt.condition(
        alt.datum.map == order[-1], alt.value(COLOURS["the model"]), alt.value(COLOURS[RANDOM])
    )
    layers = [
        _chart(rows[:1]).mark_rule(strokeDash=[5, 4], color="#888").encode(x=x),
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


def _chart(rows: Any) -> alt.Chart:
    data: Any = alt.Data  # altair leaves it untyped
    return alt.Chart(data(values=list(rows)))
