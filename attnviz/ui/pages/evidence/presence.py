"""Section "Presence and absence": what the map marks is taken away, and put back."""

from __future__ import annotations

import html
from functools import partial

import streamlit as st

from attnviz.evidence.faithfulness.verdict import CONTROLS, FaithfulnessTest
from attnviz.evidence.fills.base import FILLS
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.url_state import start_choice, start_value
from attnviz.ui.pages.evidence.budget_text import percent
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.occlusion import show_occlusion
from attnviz.ui.pages.evidence.presence_chart import curve_chart, gains_chart
from attnviz.ui.pages.evidence.presence_pictures import filmstrip, picture_pair
from attnviz.ui.pages.evidence.presence_run import (
    SHARES,
    PresenceResult,
    compute_presence,
    picture_count,
)
from attnviz.ui.pages.evidence.presence_text import (
    describe_confidence,
    describe_presence,
    number_rows,
)
from attnviz.ui.pages.evidence.section import SECTIONS, Section

_FILLS, _SHOWN, _SHARE, _MARGIN = (
    f"presence {one}" for one in ("fills", "fill", "share", "margin")
)
_DEFAULT = ("blur", "road")
_PERCENTS = [percent(share) for share in SHARES]


def show(asked: MapUnderTest) -> None:
    """The verdict, the pictures under a slider, the curves, and the numbers on request."""
    fills = _pick_fills()
    if len(fills) < 2:
        st.info("Choose two fills at least: with one alone nobody can tell the map from the fill.")
        return
    found = long_work(
        "presence",
        (*asked.key, *fills),
        partial(_cost, len(fills)),
        partial(compute_presence, asked, fills),
        button="Take it apart",
        unit="pictures",
    )
    if found is not None:
        _show_result(asked, found)
    st.divider()
    show_occlusion(asked, fills)


def _pick_fills() -> list[str]:
    names = [fill.name for fill in FILLS]
    start_value(_FILLS, list(_DEFAULT))
    chosen = st.pills(
        "What stands where something was taken away",
        names,
        selection_mode="multi",
        format_func=lambda name: FILLS.get(name).title,
        key=_FILLS,
        persist_state="session",
        help="No fill is innocent: black is unlike any photo, grey shows the hole's outline, a "
        "blur leaves colours, and a good guess may bring the object back.",
    )
    return [name for name in names if name in chosen]


def _cost(fills: int) -> str:
    return (
        "Places are taken away in the map's order and put back, beside a centred disc and "
        f"{CONTROLS} random maps as smooth as this one: {picture_count(fills):,} pictures."
    )


def _show_result(asked: MapUnderTest, found: PresenceResult) -> None:
    for note in found.notes:
        st.warning(plain_text(note))
    words = describe_presence(found.trials, asked.target, found.named)
    st.html(f'<p class="av-verdict">{html.escape(words.headline)}</p>')
    st.caption(" ".join(plain_text(one) for one in words.details))
    fill, index = _pick_view(found)
    trial, pictures = found.trials[fill], found.pictures[fill]
    top, start, bottom, end = asked.explanation.geometry.box
    aspect = (end - start) / (bottom - top)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.html(picture_pair(trial, pictures, index, asked.target, found.names, aspect))
    with right:
        st.html(
            '<div class="av-title">Against chance, under every fill<small>further right is better'
            "</small></div>"
        )
        chart = st.empty()
        margin = st.toggle(
            "Margin instead of probability",
            key=_MARGIN,
            help="The class's logit less the strongest other one: above 0 the class comes first. "
            "It does not saturate as a probability does.",
        )
        chart.altair_chart(gains_chart(found.trials, margin=margin), width="stretch")
    _show_curves(trial, SHARES[index], margin=margin)
    ways = (
        ("Taken away", pictures.away, trial.curves.deletion),
        ("Put back", pictures.back, trial.curves.insertion),
    )
    for title, coded, curve in ways:
        st.html(filmstrip(title, coded, curve, index, asked.target, aspect))
    _show_numbers(asked, found)


def _pick_view(found: PresenceResult) -> tuple[str, int]:
    """The fill that is shown, and the step of the curves."""
    fills = list(found.trials)
    start_choice(_SHOWN, fills)
    start_choice(_SHARE, _PERCENTS, default=_PERCENTS[4])
    left, right = st.columns([2, 3])
    with left:
        fill = str(
            st.segmented_control(
                "Shown with", fills, format_func=lambda name: FILLS.get(name).title,
                key=_SHOWN, persist_state="session", required=True,
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
        st.html('<div class="av-title">Taken away<small>lower is better</small></div>')
        st.altair_chart(curve_chart(trial, back=False, margin=margin, at=share), width="stretch")
    with right:
        st.html('<div class="av-title">Put back<small>higher is better</small></div>')
        st.altair_chart(curve_chart(trial, back=True, margin=margin, at=share), width="stretch")


def _show_numbers(asked: MapUnderTest, found: PresenceResult) -> None:
    if st.toggle("All numbers", key="presence numbers"):
        st.dataframe(number_rows(found.trials), hide_index=True)
        st.caption(plain_text(describe_confidence(found.confidence, asked.target)))
        st.caption(
            "Deletion and insertion: areas under the probability (RISE). MoRF and LeRF: its mean "
            "at 10, 20 … 90 % with the highest, or the lowest, places taken away first; with the "
            "guess as fill that is ROAD. Half their difference is the combined score."
        )


SECTIONS.add(Section("presence", "Presence and absence", 20, show))
