"""The results of presence and absence in numbers, and of one picture in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attnviz.evidence.curve_names import CENTRED, THIS_MAP
from attnviz.evidence.faithfulness.confidence_drop import ConfidenceDrop
from attnviz.evidence.faithfulness.insertion_deletion import InsertionDeletion, ScoreCurve
from attnviz.evidence.faithfulness.verdict import FaithfulnessTest
from attnviz.evidence.fills.base import FILLS
from attnviz.ui.kit.text import signed


def describe_confidence(masked: ConfidenceDrop, label: str) -> str:
    """Give the average drop and the increase in confidence, for this one picture.

    Parameters
    ----------
    masked : ConfidenceDrop
        Probability of the class on the picture, and on the picture multiplied by the map.
    label : str
        The target class.

    Returns
    -------
    str
        Unescaped plain text.
    """
    change = f"{masked.original:.2f} → {masked.masked:.2f}"
    effect = (
        f"rises ({change}), an increase in confidence"
        if masked.increased
        else f"drops by {100 * masked.drop:.0f} % ({change})"
    )
    return (
        "Picture multiplied by the map, over mean grey: the probability of "
        f"'{label}' {effect}. A map of ones has no drop at all, so consider also which share of "
        "the picture the map keeps."
    )


def answer_text(curve: ScoreCurve, index: int, label: str, names: Mapping[int, str]) -> str:
    """Give the score of the target class at one step of a curve, and the class that beats it.

    Parameters
    ----------
    curve : ScoreCurve
        Scores by share.
    index : int
        The step.
    label : str
        The target class.
    names : mapping of int to str
        Labels by class index.

    Returns
    -------
    str
        Unescaped plain text.
    """
    first = int(curve.first[index])
    words = f"{label} {curve.probability[index]:.2f}, margin {signed(float(curve.margin[index]))}"
    lost = curve.margin[index] < 0 and names[first] != label
    return f"{words}: the network says {names[first]}" if lost else words


def number_rows(trials: Mapping[str, FaithfulnessTest]) -> list[dict[str, Any]]:
    """Tabulate every number by fill and map; random maps are averaged.

    Parameters
    ----------
    trials : mapping of str to FaithfulnessTest
        Results by the name of the fill.

    Returns
    -------
    list of dict
        Rows for `st.dataframe`.
    """
    rows = []
    for name, trial in trials.items():
        for title, removals in ((THIS_MAP, [trial.curves]), (CENTRED, [trial.centred])):
            rows.append({"Fill": FILLS.get(name).title, "Map": title, **_numbers(removals)})
        title = f"{len(trial.controls)} random, mean"
        rows.append({"Fill": FILLS.get(name).title, "Map": title, **_numbers(trial.controls)})
    return rows


def _numbers(removals: Sequence[InsertionDeletion]) -> dict[str, float]:
    measures = {
        "Deletion": [removal.deletion.area for removal in removals],
        "Insertion": [removal.insertion.area for removal in removals],
        "Insertion − deletion": [removal.gain for removal in removals],
        "MoRF": [removal.morf for removal in removals],
        "LeRF": [removal.lerf for removal in removals],
        "(LeRF − MoRF) / 2": [removal.road for removal in removals],
        "Margin, insertion − deletion": [removal.margin_gain for removal in removals],
    }
    return {name: round(float(np.mean(values)), 3) for name, values in measures.items()}
