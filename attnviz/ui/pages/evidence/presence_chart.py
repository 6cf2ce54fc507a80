"""Charts of deletion and insertion, for the map and for its controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from attnviz.evidence.curve_names import CENTRED, RANDOM, THIS_MAP
from attnviz.evidence.faithfulness.insertion_deletion import InsertionDeletion, ScoreCurve
from attnviz.evidence.faithfulness.verdict import FaithfulnessTest
from attnviz.evidence.fills.base import FILLS
from attnviz.ui.kit.charts import COLOURS, baseline_chart, chart_from_rows

_ROW = 46  # px


def curve_chart(trial: FaithfulnessTest, *, back: bool, margin: bool, at: float) -> alt.LayerChart:
    """Draw the curves of the map and the disc, and a band for the random maps.

    Parameters
    ----------
    trial : FaithfulnessTest
        Results under one fill.
    back : bool
        Whether to draw insertion instead of deletion.
    margin : bool
        Whether to draw logit margins instead of probabilities.
    at : float
        Share of the picture to mark, 0..1.

    Returns
    -------
    alt.LayerChart
        Score against the share of the picture.
    """

    def values(removals: Sequence[InsertionDeletion]) -> np.ndarray:
        curves: list[ScoreCurve] = [
            removal.insertion if back else removal.deletion for removal in removals
        ]
        return np.stack([curve.margin if margin else curve.probability for curve in curves])

    curves = {
        THIS_MAP: values([trial.curves]),
        RANDOM: values(trial.controls),
        CENTRED: values([trial.centred]),
    }
    shares = trial.curves.deletion.shares.tolist()
    title = "Put back, % of the picture" if back else "Removed, % of the picture"
    return baseline_chart(shares, curves, title, margin=margin, at=at, height=330)


def gains_chart(trials: Mapping[str, FaithfulnessTest], *, margin: bool) -> alt.LayerChart:
    """Draw insertion minus deletion of the map and of every control.

    Parameters
    ----------
    trials : mapping of str to FaithfulnessTest
        Results by the name of the fill.
    margin : bool
        Whether to draw logit margins instead of probabilities.

    Returns
    -------
    alt.LayerChart
        One row of points for each fill.
    """
    rows = [
        {
            "fill": FILLS.get(name).title,
            "name": title,
            "gain": round(removal.margin_gain if margin else removal.gain, 4),
        }
        for name, trial in trials.items()
        for title, removals in (
            (RANDOM, trial.controls),
            (CENTRED, (trial.centred,)),
            (THIS_MAP, (trial.curves,)),
        )
        for removal in removals
    ]
    names = [THIS_MAP, RANDOM, CENTRED]
    title = "Insertion minus deletion" + (", logits" if margin else "")
    legend = alt.Legend(title=None, orient="top", columns=2)
    colours, shapes = [COLOURS[name] for name in names], ["diamond", "circle", "square"]
    zero = chart_from_rows([{"gain": 0}]).mark_rule(opacity=0.5).encode(x="gain:Q")
    marks = chart_from_rows(rows).mark_point(filled=True, size=120, opacity=0.75)
    drawn = marks.encode(
        x=alt.X("gain:Q", title=title),
        y=alt.Y("fill:N", title=None, sort=[FILLS.get(name).title for name in trials]),
        color=alt.Color("name:N", scale=alt.Scale(domain=names, range=colours), legend=legend),
        shape=alt.Shape("name:N", scale=alt.Scale(domain=names, range=shapes), legend=legend),
        tooltip=[
            alt.Tooltip("fill:N", title="Fill"),
            alt.Tooltip("name:N", title="Map"),
            alt.Tooltip("gain:Q", title=title, format=".3f"),
        ],
    )
    return alt.LayerChart(layer=[zero, drawn], height=100 + _ROW * len(trials))
