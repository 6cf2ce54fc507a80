"""The map against baseline maps: how sure the network is at each sharp share."""

from __future__ import annotations

import altair as alt
import numpy as np

from attnviz.evidence.curve_names import THIS_MAP
from attnviz.evidence.faithfulness.blur_budget import BlurBudget, ScoreTable
from attnviz.evidence.faithfulness.budget_text import TITLES, percent
from attnviz.types import FloatArray
from attnviz.ui.kit.charts import COLOURS, baseline_chart
from attnviz.ui.kit.findings import bar_html


def curves_chart(budget: BlurBudget, *, margin: bool) -> alt.LayerChart:
    """Draw the score of each map against the sharp share, at the strongest blur.

    Parameters
    ----------
    budget : BlurBudget
        Result for the map and for its controls.
    margin : bool
        Whether to draw logit margins instead of probabilities.

    Returns
    -------
    alt.LayerChart
        One curve for each map.
    """

    def values(answers: ScoreTable) -> FloatArray:
        return answers.margin if margin else answers.probability

    curves = {TITLES[name]: values(answers) for name, answers in budget.controls.items()}
    curves[THIS_MAP] = values(budget.scores)[-1:]
    title = "Sharp share of the picture, %"
    return baseline_chart(budget.shares, curves, title, margin=margin, root=True)


def share_bars(budget: BlurBudget) -> str:
    """Draw as bars how much of the picture each map needs at the strongest blur.

    Parameters
    ----------
    budget : BlurBudget
        Result for the map and for its controls.

    Returns
    -------
    str
        HTML, with a title.

    Notes
    -----
    Where the strongest blur does not hide the class, the smallest share is 0 for every map. The
    maps then differ only in the share from which on the decision is kept, which is shown instead.
    """
    if budget.hidden_by_blur:
        title, own = "Smallest sharp share that keeps the decision", budget.smallest_share
        shares_of_controls = {name: budget.control_smallest_share(name) for name in budget.controls}
    else:
        title, own = "Sharp share from which on the decision is kept", budget.stable_share
        shares_of_controls = {name: budget.control_stable_share(name) for name in budget.controls}
    bars = [_bar(THIS_MAP, own[-1:])]
    bars += [_bar(TITLES[name], shares) for name, shares in shares_of_controls.items()]
    return f'<div class="av-title">{title}</div><div class="av-bars">{"".join(bars)}</div>'


def _bar(name: str, shares: FloatArray) -> str:
    low, middle, high = float(shares.min()), float(np.median(shares)), float(shares.max())
    spread = f" ({percent(low)} to {percent(high)})" if low < high else ""
    length = 0.0 if np.isnan(middle) else middle
    return bar_html(name, f"{percent(middle)}{spread}", length, COLOURS[name])
