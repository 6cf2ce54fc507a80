"""The map against maps that know nothing: how sure the network is over the sharp share."""

from __future__ import annotations

import html

import altair as alt
import numpy as np

from attnviz.evidence.faithfulness.blur_budget import BlurBudget, ScoreTable
from attnviz.types import FloatArray
from attnviz.ui.kit.charts import COLOURS, THIS_MAP, baseline_chart
from attnviz.ui.pages.evidence.budget_text import TITLES, percent


def curves_chart(budget: BlurBudget, *, margin: bool) -> alt.LayerChart:
    """Probability, or margin, over the sharp share at the strongest blur, for each map."""

    def values(answers: ScoreTable) -> FloatArray:
        return answers.margin if margin else answers.probability

    curves = {TITLES[name]: values(one) for name, one in budget.controls.items()}
    curves[THIS_MAP] = values(budget.scores)[-1:]
    title = "Sharp share of the picture, %"
    return baseline_chart(budget.shares, curves, title, margin=margin, root=True)


def share_bars(budget: BlurBudget) -> str:
    """How much of the picture each map needs at the strongest blur, as bars under a title; HTML.

    Where the strongest blur does not hide the class, the smallest share is 0 for every map; what
    still tells them apart is the share from which on the decision is kept.
    """
    if budget.hidden_by_blur:
        title, own = "Smallest sharp share that keeps the decision", budget.smallest_share
        found = {name: budget.control_smallest_share(name) for name in budget.controls}
    else:
        title, own = "Sharp share from which on the decision is kept", budget.stable_share
        found = {name: budget.control_stable_share(name) for name in budget.controls}
    bars = [_bar(THIS_MAP, own[-1:]), *(_bar(TITLES[name], one) for name, one in found.items())]
    return f'<div class="av-title">{title}</div><div class="av-bars">{"".join(bars)}</div>'


def _bar(name: str, shares: FloatArray) -> str:
    low, middle, high = float(shares.min()), float(np.median(shares)), float(shares.max())
    spread = f" ({percent(low)} to {percent(high)})" if low < high else ""
    width = 0.0 if np.isnan(middle) else 100 * middle
    return (
        f'<div class="av-bar"><div class="av-row"><span>{html.escape(name)}</span>'
        f'<span class="av-num">{percent(middle)}{spread}</span></div>'
        f'<div class="av-track"><b style="width:{width:.1f}%;background:{COLOURS[name]}"></b>'
        "</div></div>"
    )
