"""How alike a map stays to itself while its network forgets, as a chart."""

from __future__ import annotations

from typing import Any

import altair as alt

from attnviz.evidence.randomisation.cascade import SanityCheck

_HEIGHT = 420
# Of Okabe & Ito, which all kinds of colour blindness tell apart; the control in grey.
_COLOURS = ["#0072b2", "#e69f00", "#009e73", "#808080"]
_KINDS = {
    "spearman": "rank correlation",
    "ssim": "structural similarity",
    "overlap": "shared top fifth",
}
_CONTROL = "control (ranks)"


def sanity_chart(found: SanityCheck) -> alt.LayerChart:
    """Three measures of likeness by step, and the control's rank correlation as a dashed line.

    Steps with a flat map have no point.
    """
    names = [step.name or "trained" for step in found.steps]
    rows = [
        {"step": name, "kind": title, "value": round(getattr(step.similarity, key), 4)}
        for name, step in zip(names, found.steps, strict=True)
        if step.similarity is not None
        for key, title in _KINDS.items()
    ]
    kinds = [*_KINDS.values(), *([_CONTROL] if found.control else [])]
    x = alt.X(
        "step:N", sort=names, title="Random from the output down to",
        scale=alt.Scale(domain=names), axis=alt.Axis(labelAngle=-35, labelLimit=110),
    )  # fmt: skip
    y = alt.Y("value:Q", title="Likeness to the trained network's map")
    legend = alt.Legend(title=None, orient="top", columns=2)
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=_COLOURS), legend=legend)
    tip = [
        alt.Tooltip("step:N", title="Random down to"),
        alt.Tooltip("kind:N", title="Measure"),
        alt.Tooltip("value:Q", title="Likeness", format=".2f"),
    ]
    lines = _chart(rows).mark_line(point={"size": 45})
    layers = [lines.encode(x=x, tooltip=tip)]
    if found.control:
        level = [{"kind": _CONTROL, "value": round(found.control.spearman, 4)}]
        rule = _chart(level).mark_rule(strokeDash=[6, 4], size=2)
        layers.append(rule.encode(tooltip=tip[1:]))
    layered = alt.layer(*(part.encode(y=y) for part in layers))
    return layered.encode(color=colour).properties(height=_HEIGHT)


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    data: Any = alt.Data  # altair leaves it untyped
    return alt.Chart(data(values=rows))
