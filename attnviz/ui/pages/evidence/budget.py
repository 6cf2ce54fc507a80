"""Section "Blur budget": the smallest sharp share and the strongest blur that keep the decision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from attnviz.evidence.faithfulness.blur_budget import BlurBudget, blur_budget
from attnviz.evidence.faithfulness.budget_text import ResultText, describe_budget
from attnviz.evidence.faithfulness.sharp_share import blur_radii_for
from attnviz.evidence.findings import budget_finding
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.methods.inference import Cost
from attnviz.progress import Progress
from attnviz.ui.components.budget_table import pack, show_budget
from attnviz.ui.kit.findings import margin_toggle, show_verdict
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.long_work import is_done, long_work
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.pages.evidence.budget_charts import curves_chart, share_bars
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.reporting import remember
from attnviz.ui.pages.evidence.section import SECTIONS, Section

_PICTURES = 250
# A first answer: the blurs in the middle and at the end, and few shares.
_FIRST_ANSWER = 3.0  # s
_ROUGH_RADII = slice(4, None, 5)
_ROUGH_SHARES = (0.0, 0.05, 0.2, 0.5, 1.0)


@dataclass(frozen=True, eq=False)
class BudgetResult:
    """A budget, its blob for the browser, and notes on how the input was adapted."""

    budget: BlurBudget
    blob: bytes
    notes: tuple[str, ...]


def show(tested: MapUnderTest) -> None:
    """Compute the budget without waiting for a button, and draw it.

    Parameters
    ----------
    tested : MapUnderTest
        The map whose budget is shown.
    """
    pace = tested.pace("budget", lambda: Cost(_PICTURES, 0))
    if not is_done("budget", tested.key) and pace.seconds() > _FIRST_ANSWER:
        above = st.empty()
        rough = long_work(
            "rough budget", tested.key, _describe_cost, partial(_compute, tested, rough=True),
            button="Continue", unit="pictures", at_once=True,
        )  # fmt: skip
        if rough is None:
            return
        with above.container():
            show_verdict(_text(tested, rough.budget).headline)
            st.caption("A first answer, from a tenth of the pictures.")
    result = long_work(
        "budget",
        tested.key,
        _describe_cost,
        partial(_compute, tested),
        button="Find the budget",
        unit="pictures",
        at_once=True,
        pace=pace,
    )
    if result is None:
        return
    show_notes(result.notes)
    budget, text = result.budget, _text(tested, result.budget)
    show_verdict(text.headline)
    st.caption(" ".join(map(plain_text, text.details)))
    show_budget(result.blob, key="evidence budget")
    if budget.recognised:
        _show_controls(budget)
    remember(tested, budget_finding(budget, *_names(tested, budget)))


def _text(tested: MapUnderTest, budget: BlurBudget) -> ResultText:
    return describe_budget(budget, *_names(tested, budget))


def _names(tested: MapUnderTest, budget: BlurBudget) -> tuple[str, str, float]:
    """What is measured, what comes first, and the scale of the picture, for sentences."""
    top_label = tested.decision(int(budget.scores.first[0, -1]))
    return tested.target, top_label, tested.explanation.geometry.scale


def _describe_cost() -> str:
    return f"The network classifies about {_PICTURES} pictures: every sharp share at every blur."


def _compute(tested: MapUnderTest, progress: Progress, *, rough: bool = False) -> BudgetResult:
    def work(subject: Subject) -> BlurBudget:
        if not rough:
            return blur_budget(subject, tested.values, progress=progress)
        radii = blur_radii_for(subject.size)[_ROUGH_RADII]
        return blur_budget(
            subject, tested.values, radii=radii, shares=_ROUGH_SHARES, seeds=1, progress=progress
        )

    budget, notes = run_experiment(tested.model, tested.photo.shown, work, tested.asked)
    return BudgetResult(budget, b"" if rough else pack(budget, tested.decision), notes)


def _show_controls(budget: BlurBudget) -> None:
    st.html(
        '<div class="av-title">Compared with baseline maps<small>at the strongest blur</small>'
        "</div>"
    )
    curves, bars = st.columns([3, 2], gap="medium")
    with curves:
        margin = margin_toggle("evidence budget margin")
        st.altair_chart(curves_chart(budget, margin=margin), width="stretch")
    with bars:
        st.html(share_bars(budget))
        st.caption(
            "Shorter is better. A map that marks what the decision rests on needs a smaller share "
            "than a random map. A centred disc is hard to beat, because photographers put their "
            "subject in the middle. Networks are not trained on half-blurred pictures, so a "
            "probability can rise for no good reason: trust the order of the curves more than "
            "their height."
        )


SECTIONS.add(Section("budget", "Blur budget", 10, show))
