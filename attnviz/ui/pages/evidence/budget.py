"""Section "Blur budget": the smallest sharp share and the strongest blur that keep the decision."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from functools import partial

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.evidence.faithfulness.blur_budget import BlurBudget, blur_budget
from attnviz.evidence.run import run_experiment
from attnviz.progress import Progress
from attnviz.ui.components.budget_table import pack, show_budget
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.pages.evidence.budget_charts import curves_chart, share_bars
from attnviz.ui.pages.evidence.budget_text import describe_budget
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.section import SECTIONS, Section


@dataclass(frozen=True, eq=False)
class BudgetResult:
    """A budget, its blob for the browser, and what had to be changed to find it."""

    budget: BlurBudget
    blob: bytes
    notes: tuple[str, ...]


def show(asked: MapUnderTest) -> None:
    """Ask at once, and draw what came out."""
    found = long_work(
        "budget",
        asked.key,
        _cost,
        partial(_compute, asked),
        button="Find the budget",
        unit="pictures",
        at_once=True,
    )
    if found is None:
        return
    for note in found.notes:
        st.warning(plain_text(note))
    budget = found.budget
    named = asked.model.label(int(budget.scores.first[0, -1]))
    words = describe_budget(budget, asked.target, named, _scale(asked.explanation))
    st.html(f'<p class="av-verdict">{html.escape(words.headline)}</p>')
    st.caption(" ".join(plain_text(one) for one in words.details))
    show_budget(found.blob, key="evidence budget")
    if budget.recognised:
        _show_controls(budget)


def _cost() -> str:
    return "The network is asked about some 250 pictures: every sharp share at every blur."


def _compute(asked: MapUnderTest, progress: Progress) -> BudgetResult:
    work = partial(blur_budget, values=asked.values, progress=progress)
    budget, notes = run_experiment(asked.model, asked.photo.shown, work, asked.target_index)
    return BudgetResult(budget, pack(budget, asked.model.label), notes)


def _scale(explanation: Explanation) -> float:
    """Pixels of the shown picture for one pixel of the network's input, along the diagonal."""
    geometry = explanation.geometry
    top, left, bottom, right = geometry.box
    return math.hypot(bottom - top, right - left) / math.hypot(*geometry.input_size)


def _show_controls(budget: BlurBudget) -> None:
    st.html(
        '<div class="av-title">Against maps that know nothing<small>strongest blur</small></div>'
    )
    curves, bars = st.columns([3, 2], gap="medium")
    with curves:
        margin = st.toggle(
            "Margin instead of probability",
            key="evidence budget margin",
            help="The class's logit less the strongest other one: above 0 the class comes first. "
            "It does not saturate as a probability does.",
        )
        st.altair_chart(curves_chart(budget, margin=margin), width="stretch")
    with bars:
        st.html(share_bars(budget))
        st.caption(
            "Shorter is better. A map that knows where the decision comes from needs less than "
            "chance does; a centred disc is hard to beat where photographers put things in the "
            "middle. Pictures that are half blurred are unlike any the network was trained on, and "
            "a probability can rise for an odd one: trust the order of the curves more than their "
            "height."
        )


SECTIONS.add(Section("budget", "Blur budget", 10, show))
