"""Section "Presence and absence": deletion and insertion of what the map marks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from attnviz.evidence.faithfulness.budget_text import percent
from attnviz.evidence.faithfulness.insertion_deletion import STEPS
from attnviz.evidence.faithfulness.presence_text import describe_presence
from attnviz.evidence.faithfulness.verdict import CONTROLS, FaithfulnessTest
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.findings import presence_finding
from attnviz.methods.inference import Cost
from attnviz.progress import Progress
from attnviz.ui.kit.findings import margin_toggle, show_verdict
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.long_work import is_done, long_work
from attnviz.ui.kit.pace import Pace
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.kit.url_state import start_choice, start_value
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.occlusion import show_occlusion
from attnviz.ui.pages.evidence.presence_chart import curve_chart, gains_chart
from attnviz.ui.pages.evidence.presence_numbers import describe_confidence, number_rows
from attnviz.ui.pages.evidence.presence_pictures import filmstrip, picture_pair
from attnviz.ui.pages.evidence.presence_run import (
    SHARES,
    PresenceResult,
    compute_presence,
    picture_count,
    steps_within,
)
from attnviz.ui.pages.evidence.reporting import remember
from attnviz.ui.pages.evidence.section import SECTIONS, Section

_FILLS, _FILL, _SHARE, _MARGIN = (
    f"presence {name}" for name in ("fills", "fill", "share", "margin")
)
_DEFAULT = ("blur", "road")
_FIRST_ANSWER = 2.0  # s
_PERCENTS = [percent(share) for share in SHARES]


def show(tested: MapUnderTest) -> None:
    """Show the verdict, the modified pictures, the curves, and on request all numbers.

    Parameters
    ----------
    tested : MapUnderTest
        The map whose order decides what is removed first.
    """
    fills = _pick_fills()
    if len(fills) < 2:
        st.info(
            "Choose at least two fills: with one fill alone, the effect of the map cannot be told "
            "from the effect of the fill."
        )
        return
    pace = tested.pace("presence", lambda: Cost(picture_count(len(fills)), 0))
    key = (*tested.key, *fills)
    if not is_done("presence", key) and not _show_first_answer(tested, fills, key, pace):
        return
    result = long_work(
        "presence",
        key,
        partial(_describe_cost, len(fills)),
        partial(compute_presence, tested, fills),
        button="Run deletion and insertion",
        unit="pictures",
        pace=pace,
    )
    if result is not None:
        _show_result(tested, result)
        finding = presence_finding(result.trials, tested.target, result.top_label)
        remember(tested, finding)
    st.divider()
    show_occlusion(tested, fills)


def _show_first_answer(
    tested: MapUnderTest, fills: Sequence[str], key: tuple[str, ...], pace: Pace
) -> bool:
    """Show the verdict of few steps, at once; the curves and pictures come with all of them."""

    def work(progress: Progress) -> PresenceResult:
        steps = steps_within(_FIRST_ANSWER, pace.seconds(), len(fills))
        return compute_presence(tested, fills, progress, steps=steps)

    rough = long_work(
        "rough presence", key, partial(_describe_cost, len(fills)), work, button="Continue",
        unit="pictures", at_once=True,
    )  # fmt: skip
    if rough is None:
        return False
    show_notes(rough.notes)
    show_verdict(describe_presence(rough.trials, tested.target, rough.top_label).headline)
    steps = len(next(iter(rough.trials.values())).curves.deletion.shares) - 1
    st.caption(
        f"A first answer, from {steps} steps of area instead of {STEPS}; with all of them it can "
        "change where the map is close to chance."
    )
    return True


def _pick_fills() -> list[str]:
    names = [fill.name for fill in FILLS]
    start_value(_FILLS, list(_DEFAULT))
    chosen = st.pills(
        "Fill for removed regions",
        names,
        selection_mode="multi",
        format_func=lambda name: FILLS.get(name).title,
        key=_FILLS,
        persist_state="session",
        help="No fill is neutral: black is unlike any photo, grey shows the hole's outline, a blur "
        "leaves colours, and a good guess can restore the object.",
    )
    return [name for name in names if name in chosen]


def _describe_cost(fills: int) -> str:
    return (
        "Regions are removed and put back in the map's order, and in the order of a centred disc "
        f"and of {CONTROLS} equally smooth random maps: {picture_count(fills):,} pictures."
    )


def _show_result(tested: MapUnderTest, result: PresenceResult) -> None:
    show_notes(result.notes)
    text = describe_presence(result.trials, tested.target, result.top_label)
    show_verdict(text.headline)
    st.caption(" ".join(map(plain_text, text.details)))
    fill, index = _pick_view(result)
    trial, pictures = result.trials[fill], result.pictures[fill]
    top, start, bottom, end = tested.explanation.geometry.box
    aspect = (end - start) / (bottom - top)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.html(picture_pair(trial, pictures, index, tested.target, result.names, aspect))
    with right:
        st.html(
            '<div class="av-title">Compared with chance, for every fill<small>further right is '
            "better</small></div>"
        )
        chart = st.empty()
        margin = margin_toggle(_MARGIN)
        chart.altair_chart(gains_chart(result.trials, margin=margin), width="stretch")
    _show_curves(trial, SHARES[index], margin=margin)
    ways = (
        ("Deletion", pictures.away, trial.curves.deletion),
        ("Insertion", pictures.back, trial.curves.insertion),
    )
    for title, jpegs, curve in ways:
        st.html(filmstrip(title, jpegs, curve, index, tested.target, aspect))
    _show_numbers(tested, result)


def _pick_view(result: PresenceResult) -> tuple[str, int]:
    """Pick the fill to show, and the step of the curves."""
    fills = list(result.trials)
    start_choice(_FILL, fills)
    start_choice(_SHARE, _PERCENTS, default=_PERCENTS[4])
    left, right = st.columns([2, 3])
    with left:
        fill = str(
            st.segmented_control(
                "Fill shown", fills, format_func=lambda name: FILLS.get(name).title,
                key=_FILL, persist_state="session", required=True,
            )
        )  # fmt: skip
    with right:
        share = str(
            st.select_slider("Share of the picture", _PERCENTS, key=_SHARE, persist_state="session")
        )
    return fill, _PERCENTS.index(share)


def _show_curves(trial: FaithfulnessTest, share: float, *, margin: bool) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.html('<div class="av-title">Deletion<small>lower is better</small></div>')
        st.altair_chart(curve_chart(trial, back=False, margin=margin, at=share), width="stretch")
    with right:
        st.html('<div class="av-title">Insertion<small>higher is better</small></div>')
        st.altair_chart(curve_chart(trial, back=True, margin=margin, at=share), width="stretch")


def _show_numbers(tested: MapUnderTest, result: PresenceResult) -> None:
    if st.toggle("All numbers", key="presence numbers"):
        st.dataframe(number_rows(result.trials), hide_index=True)
        st.caption(plain_text(describe_confidence(result.confidence, tested.target)))
        st.caption(
            "Deletion and insertion: area under the curve of the probability (RISE). MoRF and "
            "LeRF: mean probability at 10, 20 … 90 % removed, with the most or the least relevant "
            "regions removed first; with the guess as fill this is ROAD. Half their difference is "
            "the combined score."
        )


SECTIONS.add(Section("presence", "Presence and absence", 20, show))
