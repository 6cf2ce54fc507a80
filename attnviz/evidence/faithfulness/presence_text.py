"""Whether a map does better than chance, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.evidence.faithfulness.budget_text import ResultText
from attnviz.evidence.faithfulness.verdict import FaithfulnessTest, Verdict, is_robust
from attnviz.evidence.fills.base import FILLS
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


def _title(name: str) -> str:
    return _IN_WORDS.get(name, FILLS.get(name).title.lower())


_IN_WORDS = {"road": "ROAD's guess"}
