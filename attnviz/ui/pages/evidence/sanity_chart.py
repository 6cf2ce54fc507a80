"""A chart of a map's similarity to the original while the weights become random."""

from __future__ import annotations

import altair as alt

from attnviz.evidence.randomisation.cascade import SanityCheck
from attnviz.ui.kit.charts import chart_from_rows

_HEIGHT = 420
# Okabe & Ito colours, distinguishable with every kind of colour blindness; the control in grey.
_COLOURS = ["#0072b2", "#e69f00", "#009e73", "#808080"]
_KINDS = {
    "spearman": "rank correlation",
    "ssim": "structural similarity",
    "overlap": "shared top fifth",
}
_CONTROL = "control (ranks)"


def sanity_chart(result: SanityCheck) -> alt.LayerChart:
    """Draw three measures of similarity by step, and the control as a dashed line.

    Parameters
    ----------
    result : SanityCheck
        From `check_sanity`.

    Returns
    -------
    alt.LayerChart
        Steps with a flat map have no point.
    """
    names = [step.name or "trained" for step in result.steps]
    rows = [
        {"step": name, "kind": title, "value": round(getattr(step.similarity, key), 4)}
        for name, step in zip(names, result.steps, strict=True)
        if step.similarity is not None
        for key, title in _KINDS.items()
    ]
    kinds = [*_KINDS.values(), *([_CONTROL] if result.control else [])]
    x = alt.X(
        "step:N", sort=names, title="Random from the output down to",
        scale=alt.Scale(domain=names), axis=alt.Axis(labelAngle=-35, labelLimit=110),
    )  # fmt: skip
    y = alt.Y("value:Q", title="Similarity to the trained network's map")
    legend = alt.Legend(title=None, orient="top", columns=2)
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=_COLOURS), legend=legend)
    tip = [
        alt.Tooltip("step:N", title="Random down to"),
        alt.Tooltip("kind:N", title="Measure"),
        alt.Tooltip("value:Q", title="Similarity", format=".2f"),
    ]
    lines = chart_from_rows(rows).mark_line(point={"size": 45})
    layers = [lines.encode(x=x, tooltip=tip)]
    if result.control:
        level = [{"kind": _CONTROL, "value": round(result.control.spearman, 4)}]
        rule = chart_from_rows(level).mark_rule(strokeDash=[6, 4], size=2)
        layers.append(rule.encode(tooltip=tip[1:]))
    layered = alt.layer(*(layer.encode(y=y) for layer in layers))
    return layered.encode(color=colour).properties(height=_HEIGHT)
