"""What presence and absence come to, in sentences and numbers."""

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

_CHANCE = {
    Verdict.BETTER: "better than chance",
    Verdict.ALIKE: "not distinguishable from chance",
    Verdict.WORSE: "worse than chance",
}


def describe_presence(trials: Mapping[str, FaithfulnessTest], label: str, named: str) -> ResultText:
    """The verdict, and what qualifies it.

    label: the class that was asked about. named: the class that comes first on the whole picture.
    """
    details = [
        *_unnamed(label, named),
        *_hiding_nothing(trials, label),
        _luck(next(iter(trials.values()))),
        _centre(trials),
        *_margins(trials),
    ]
    return ResultText(_headline(trials, label), tuple(details))


def _headline(trials: Mapping[str, FaithfulnessTest], label: str) -> str:
    first = next(iter(trials.values()))
    if not is_robust(trials):
        return f"Not robust, the fills disagree: {_by_fill(trials)}."
    count = len(first.controls)
    random = f"{count} random maps that are as smooth"
    where = f"under {_listed([_title(name) for name in trials])}"
    if first.verdict is Verdict.BETTER:
        return (
            f"Better than chance: what this map marks carries '{label}' more than what any of "
            f"{random} marks, {where}."
        )
    if first.verdict is Verdict.WORSE:
        return (
            f"Worse than chance: what any of {random} marks carries '{label}' more than what this "
            f"map marks, {where}."
        )
    return (
        f"Not distinguishable from chance: among {random} some carry '{label}' as well as this map "
        f"does, {where}."
    )


def _by_fill(trials: Mapping[str, FaithfulnessTest]) -> str:
    said = (f"{_CHANCE[one.verdict]} under {_title(name)}" for name, one in trials.items())
    return ", ".join(said)


def _unnamed(label: str, named: str) -> list[str]:
    if label == named:
        return []
    return [
        f"On the whole picture the network says '{named}', not '{label}': the curves follow how "
        f"probable '{label}' is all the same."
    ]


def _hiding_nothing(trials: Mapping[str, FaithfulnessTest], label: str) -> list[str]:
    names = [_title(name) for name, one in trials.items() if one.curves.deletion.margin[-1] >= 0]
    if not names:
        return []
    return [
        f"Under {_listed(names)} '{label}' comes first even with everything taken away: such a "
        "fill hides too little here to prove much."
    ]


def _luck(trial: FaithfulnessTest) -> str:
    count = len(trial.controls)
    return (
        f"A map that knows nothing would beat all {count} by luck once in {count + 1} times, and "
        "lose to all as often."
    )


def _centre(trials: Mapping[str, FaithfulnessTest]) -> str:
    beaten = [_title(name) for name, one in trials.items() if one.beats_centre]
    missed = [_title(name) for name, one in trials.items() if not one.beats_centre]
    if not missed:
        return "It beats a centred disc too, under every fill."
    if not beaten:
        return (
            "A centred disc does as well or better under every fill: that things stand in the "
            "middle of photos would explain as much."
        )
    return (
        f"Against a centred disc the fills disagree: the map does better under {_listed(beaten)}, "
        f"not under {_listed(missed)}."
    )


def _margins(trials: Mapping[str, FaithfulnessTest]) -> list[str]:
    odd = {name: one for name, one in trials.items() if one.margin_verdict is not one.verdict}
    if not odd:
        return []
    said = _listed([f"{_CHANCE[one.margin_verdict]} under {_title(n)}" for n, one in odd.items()])
    return [f"By the logit margin, which does not saturate, it is {said}."]


def describe_confidence(left: ConfidenceDrop, label: str) -> str:
    """Average drop and increase in confidence, for this one picture."""
    change = f"{left.original:.2f} → {left.masked:.2f}"
    what = (
        f"it rises ({change}), an increase in confidence"
        if left.increased
        else f"it drops by {100 * left.drop:.0f} % ({change})"
    )
    return (
        f"The picture times the map, over mean grey: '{label}' {what}. A map of ones has no drop "
        "at all, so read this beside the share that the map leaves."
    )


def answer_text(curve: ScoreCurve, index: int, label: str, names: Mapping[int, str]) -> str:
    """What the network said at a step of a curve."""
    first = int(curve.first[index])
    words = f"{label} {curve.probability[index]:.2f}, margin {signed(float(curve.margin[index]))}"
    lost = curve.margin[index] < 0 and names[first] != label
    return f"{words}: it says {names[first]}" if lost else words


def number_rows(trials: Mapping[str, FaithfulnessTest]) -> list[dict[str, Any]]:
    """Every number by fill and map; of the random ones the mean and the range."""
    rows = []
    for name, trial in trials.items():
        for title, found in ((THIS_MAP, [trial.curves]), (CENTRED, [trial.centred])):
            rows.append({"Fill": FILLS.get(name).title, "Map": title, **_numbers(found)})
        title = f"{len(trial.controls)} random, mean"
        rows.append({"Fill": FILLS.get(name).title, "Map": title, **_numbers(trial.controls)})
    return rows


def _numbers(found: Sequence[InsertionDeletion]) -> dict[str, float]:
    measures = {
        "Deletion": [one.deletion.area for one in found],
        "Insertion": [one.insertion.area for one in found],
        "Insertion − deletion": [one.gain for one in found],
        "MoRF": [one.morf for one in found],
        "LeRF": [one.lerf for one in found],
        "(LeRF − MoRF) / 2": [one.road for one in found],
        "Margin, insertion − deletion": [one.margin_gain for one in found],
    }
    return {name: round(float(np.mean(values)), 3) for name, values in measures.items()}


def _title(name: str) -> str:
    return _IN_WORDS.get(name, FILLS.get(name).title.lower())


_IN_WORDS = {"road": "ROAD's guess"}


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
