"""What tests of a map found out, for readers: the blur budget, and presence and absence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from attnviz.analysis.explanation import Explanation
from attnviz.evidence import curve_names
from attnviz.evidence.faithfulness.blur_budget import BlurBudget, blur_budget
from attnviz.evidence.faithfulness.budget_text import TITLES, describe_budget, percent
from attnviz.evidence.faithfulness.insertion_deletion import InsertionDeletion, ScoreCurve
from attnviz.evidence.faithfulness.presence_text import describe_presence
from attnviz.evidence.faithfulness.verdict import FaithfulnessTest, measure_faithfulness
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.measured import Measured
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.export.finding import Chart, Curve, Finding
from attnviz.models.vision_model import VisionModel
from attnviz.progress import Progress
from attnviz.types import Pixels

_FILLS = ("blur", "road")
_STEPS = 10


def find_evidence(
    model: VisionModel,
    result: Explanation,
    layer: int | str | None = None,
    *,
    progress: Progress | None = None,
) -> tuple[Finding, ...]:
    """Test whether the decision rests on what a map marks, for a report.

    The network classifies about 650 pictures: every sharp share at every blur, and the picture
    with the map's highest positions removed or put back, beside random maps and a centred disc.

    Parameters
    ----------
    model : VisionModel
        The network that was explained.
    result : Explanation
        From `attnviz.explain`.
    layer : int or str, optional
        Whose map is tested (default: `result.best_layer`).
    progress : Progress, optional
        Called with the number of pictures scored, once for each test; what it raises stops the
        work.

    Returns
    -------
    tuple of Finding
        The blur budget, then presence and absence; for `Explanation.save_report`.

    Raises
    ------
    EvidenceError
        If the map is flat, or the network returns no scores of classes.
    UnknownNameError
        If there is no such layer.
    ModelError, OutOfMemoryError
        As `attnviz.explain` does.
    """
    values = result.map_of(result.best_layer if layer is None else layer)
    tested = Measured(model, result)
    label, asked = tested.target, tested.asked

    def work(subject: Subject) -> tuple[BlurBudget, dict[str, FaithfulnessTest]]:
        fills = [FILLS.get(name)() for name in _FILLS]
        budget = blur_budget(subject, values, progress=progress)
        return budget, measure_faithfulness(subject, values, fills, steps=_STEPS, progress=progress)

    (budget, trials), _ = run_experiment(model, result.picture, work, asked)
    top_label = tested.decision(int(budget.scores.first[0, -1]))
    return (
        budget_finding(budget, label, top_label, result.geometry.scale),
        presence_finding(trials, label, top_label),
    )


def budget_finding(budget: BlurBudget, label: str, top_label: str, scale: float) -> Finding:
    """Put a blur budget into words, with the curves at the strongest blur.

    Parameters
    ----------
    budget, label, top_label, scale
        As for `describe_budget`.

    Returns
    -------
    Finding
        With the picture in which the fewest places are sharp, where there is one.
    """
    text = describe_budget(budget, label, top_label, scale)
    shares = [100 * share for share in budget.shares]
    curves = [Curve(curve_names.THIS_MAP, shares, budget.scores.probability[-1].tolist())]
    curves += [
        Curve(TITLES[name], shares, table.probability.mean(0).tolist())
        for name, table in budget.controls.items()
    ]
    title = "Sharp share of the picture at the strongest blur, %"
    return Finding(
        "Is the sharp region enough?",
        text.headline,
        text.details,
        (Chart(tuple(curves), title, x_range=(0.0, 100.0)),),
        _smallest_picture(budget, label),
    )


def _smallest_picture(budget: BlurBudget, label: str) -> tuple[tuple[str, Pixels], ...]:
    kept = np.flatnonzero(budget.preserved[-1])
    if not budget.hidden_by_blur or not len(kept):
        return ()
    share = int(kept[0])
    caption = f"With {percent(budget.shares[share])} sharp it is still “{label}”"
    return ((caption, budget.variant(len(budget.radii) - 1, share)),)


def presence_finding(trials: Mapping[str, FaithfulnessTest], label: str, top_label: str) -> Finding:
    """Say whether a map does better than chance, with the curves of the first fill.

    Parameters
    ----------
    trials, label, top_label
        As for `describe_presence`.

    Returns
    -------
    Finding
        With the charts of deletion and insertion.
    """
    text = describe_presence(trials, label, top_label)
    first = next(iter(trials.values()))
    return Finding(
        "Does the decision go with it, and come back?",
        text.headline,
        text.details,
        (
            _chart([one.deletion for one in _all(first)], "Removed, % of the picture"),
            _chart([one.insertion for one in _all(first)], "Put back, % of the picture"),
        ),
    )


def _all(trial: FaithfulnessTest) -> list[InsertionDeletion]:
    """The map's curves, the disc's, then those of the random maps."""
    return [trial.curves, trial.centred, *trial.controls]


def _chart(curves: Sequence[ScoreCurve], title: str) -> Chart:
    own, disc, *random = (curve.probability for curve in curves)
    shares = (100 * curves[0].shares).tolist()
    named = {
        curve_names.THIS_MAP: own,
        curve_names.RANDOM: np.mean(random, axis=0),
        curve_names.CENTRED: disc,
    }
    lines = (Curve(name, shares, values.tolist()) for name, values in named.items())
    return Chart(tuple(lines), title, x_range=(0.0, 100.0))
