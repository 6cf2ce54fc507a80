"""The results of presence and absence in sentences and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attnviz.evidence.faithfulness.confidence_drop import ConfidenceDrop
from attnviz.evidence.faithfulness.insertion_deletion import InsertionDeletion, ScoreCurve
from attnviz.evidence.faithfulness.verdict import FaithfulnessTest, Verdict, is_robust
from attnviz.evidence.fills.base import FILLS
from attnviz.ui.kit.charts import CENTRED, THIS_MAP
from attnviz.ui.kit.text import signed
from attnviz.ui.pages.evidence.budget_text import ResultText
from attnviz.words import listed

_CHANCE = {
    Verdict.BETTER: "better than chance",
    Verdict.ALIKE: "not distinguishable from chance",
    Verdict.WORSE: "worse than chance",
}


def describe_presence(
    trials: Mapping[str, FaithfulnessTest], label: str, top_label: str
) -> ResultText:
    """Say whether the map does better than chance, and what qualifies that.

    Parameters
    ----------
    trials : mapping of str to FaithfulnessTest
        Results by the name of the fill.
    label : str
        The target class.
    top_label : str
        The class that comes first on the unmodified picture.

    Returns
    -------
    ResultText
        Unescaped plain text.
    """
    details = [
        *_other_decision(label, top_label),
        *_weak_fills(trials, label),
        _significance(next(iter(trials.values()))),
        _centre(trials),
        *_margins(trials),
    ]
    return ResultText(_headline(trials, label), tuple(details))


def _headline(trials: Mapping[str, FaithfulnessTest], label: str) -> str:
    first = next(iter(trials.values()))
    if not is_robust(trials):
        return f"Not robust, the fills disagree: {_by_fill(trials)}."
    count = len(first.controls)
    random = f"{count} equally smooth random maps"
    where = f"with {listed([_title(name) for name in trials])}"
    if first.verdict is Verdict.BETTER:
        return (
            f"Better than chance: the regions this map marks matter more for '{label}' than those "
            f"of any of {random}, {where}."
        )
    if first.verdict is Verdict.WORSE:
        return (
            f"Worse than chance: the regions that any of {random} marks matter more for '{label}' "
            f"than those this map marks, {where}."
        )
    return (
        f"Not distinguishable from chance: some of {random} do as well as this map for '{label}', "
        f"{where}."
    )


def _by_fill(trials: Mapping[str, FaithfulnessTest]) -> str:
    return ", ".join(
        f"{_CHANCE[trial.verdict]} with {_title(name)}" for name, trial in trials.items()
    )


def _other_decision(label: str, top_label: str) -> list[str]:
    if label == top_label:
        return []
    return [
        f"On the unmodified picture the network says '{top_label}', not '{label}'. The curves "
        f"still show the score of '{label}'."
    ]


def _weak_fills(trials: Mapping[str, FaithfulnessTest], label: str) -> list[str]:
    names = [
        _title(name) for name, trial in trials.items() if trial.curves.deletion.margin[-1] >= 0
    ]
    if not names:
        return []
    return [
        f"With {listed(names)}, '{label}' comes first even when everything is removed: such a "
        "fill hides too little here to prove much."
    ]


def _significance(trial: FaithfulnessTest) -> str:
    count = len(trial.controls)
    return (
        f"By luck alone, a map would beat all {count} once in {count + 1} times, and lose to all "
        "of them as often."
    )


def _centre(trials: Mapping[str, FaithfulnessTest]) -> str:
    better = [_title(name) for name, trial in trials.items() if trial.beats_centre]
    others = [_title(name) for name, trial in trials.items() if not trial.beats_centre]
    if not others:
        return "It beats a centred disc too, with every fill."
    if not better:
        return (
            "A centred disc does as well or better with every fill: the centre bias of photos "
            "would explain the result as well."
        )
    return (
        f"Against a centred disc the fills disagree: the map does better with {listed(better)}, "
        f"but not with {listed(others)}."
    )


def _margins(trials: Mapping[str, FaithfulnessTest]) -> list[str]:
    verdicts = [
        f"{_CHANCE[trial.margin_verdict]} with {_title(name)}"
        for name, trial in trials.items()
        if trial.margin_verdict is not trial.verdict
    ]
    if not verdicts:
        return []
    return [f"By the logit margin, which does not saturate, it is {listed(verdicts)}."]


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


def _title(name: str) -> str:
    return _IN_WORDS.get(name, FILLS.get(name).title.lower())


_IN_WORDS = {"road": "ROAD's guess"}
