"""Section "Which regions need each other": a picture's regions as players of a game."""

from __future__ import annotations

import html
from dataclasses import dataclass

import streamlit as st

from attnviz.analysis.layer_trace import LayerTrace
from attnviz.evidence.interaction.attention_flow import region_flow
from attnviz.evidence.interaction.regions import (
    BLUR,
    RegionGame,
    RegionInteractions,
    coalition_count,
    even_grid,
    measure_interactions,
    superpixels_at_most,
)
from attnviz.evidence.interaction.shapley import EXACT_PLAYERS, PairGains, pair_gains
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import DoubleArray, IntArray
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.layer_traces import trace_photo
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.region_graph import graph_legend, region_graph
from attnviz.ui.pages.evidence.region_matrix import flow_matrix, relation_matrix
from attnviz.ui.pages.evidence.region_pairs import describe_regions, pair_rows
from attnviz.ui.pages.evidence.section import SECTIONS, Section

_CUTS = {"superpixels": "By colour (superpixels)", "grid": "By a grid"}
_CUT, _COUNT = "regions cut", "regions count"
_COUNTS = [str(count) for count in range(4, 31)]
_AT_ONCE = 6


@dataclass(frozen=True)
class _RegionOptions:
    """How the picture is cut, and into how many regions at most."""

    cut: str
    count: int

    def labels(self, subject: Subject) -> IntArray:
        if self.cut == "grid":
            return even_grid(subject.size, self.count)
        return superpixels_at_most(subject.pixels, self.count)


def show(asked: MapUnderTest) -> None:
    """The graph over the photo, the matrices, and what they say in words."""
    choice = _pick()
    model = asked.model
    of = (asked.photo.shown.sha256, *model.key)
    key = (*of, asked.target, choice.cut, str(choice.count))
    found = long_work(
        "regions", key, lambda: _cost(choice.count), lambda told: _compute(asked, choice, told),
        button="Ask", unit="variants", at_once=choice.count <= _AT_ONCE,
    )  # fmt: skip
    if found is None:
        return
    related, notes = found
    for note in notes:
        st.warning(plain_text(note))
    st.html(f'<p class="av-verdict">{html.escape(describe_regions(related, asked.target))}</p>')
    left, right = st.columns([3, 2], gap="medium")
    with left:
        geometry = asked.explanation.geometry
        st.html(region_graph(asked.photo.shown.pixels, geometry, related, asked.target))
        st.html(graph_legend(asked.target))
    with right:
        st.markdown("##### Interaction of each two regions")
        st.html(relation_matrix(related.interactions))
        st.caption(_method_words(related))
        _show_flow(asked, related.labels, key)
    if st.toggle(
        "Numbers of all pairs",
        key="regions numbers",
        help="Also what two regions bring together alone and beside all others: these two "
        "disagree where the score saturates.",
    ):
        _show_numbers(asked, related, key)


def _pick() -> _RegionOptions:
    start_choice(_CUT, _CUTS)
    start_choice(_COUNT, _COUNTS, default=str(_AT_ONCE))
    left, right = st.columns(2)
    with left:
        cut = str(
            st.selectbox(
                "Cut the picture",
                _CUTS,
                format_func=_CUTS.__getitem__,
                key=_CUT,
                persist_state="session",
            )
        )
    with right:
        count = str(
            st.select_slider(
                "Regions, at most", _COUNTS, key=_COUNT, persist_state="session",
                help=f"Up to {EXACT_PLAYERS} all coalitions are asked; of more, a sample.",
            )
        )  # fmt: skip
    return _RegionOptions(cut, int(count))


def _cost(count: int) -> str:
    how = "all coalitions" if count <= EXACT_PLAYERS else "a sample of the coalitions"
    return (
        f"The network is asked about {how} of {count} regions: up to {coalition_count(count):,} "
        "variants of the picture."
    )


def _compute(
    asked: MapUnderTest, choice: _RegionOptions, progress: Progress
) -> tuple[RegionInteractions, tuple[str, ...]]:
    def work(subject: Subject) -> RegionInteractions:
        return measure_interactions(subject, choice.labels(subject), progress=progress)

    return run_experiment(asked.model, asked.photo.shown, work, asked.target_index)


def _method_words(found: RegionInteractions) -> str:
    count = len(found.interactions.shapley)
    how = (
        f"Exact, from all {2**count} coalitions."
        if found.exact
        else "From a sample of coalitions; what lies within two standard errors of 0 counts as 0."
    )
    return (
        "Left of each row stands what the region brings (Shapley value), in the row what two bring "
        "together beyond that (interaction index), in units of the class's score before softmax. "
        f"Who is away is blurred. {how}"
    )


def _show_flow(asked: MapUnderTest, labels: IntArray, key: tuple[str, ...]) -> None:
    """Rollout between the regions; nothing for a network without self-attention over places."""
    with st.spinner("Following the attention …"):
        traced = trace_photo(asked.photo, asked.model).layers
    if not any(reading.has_positions for reading in traced.trace.context):
        return
    st.markdown("##### Attention from region to region")
    st.html(flow_matrix(_flow(key, traced, labels)))
    st.caption(
        "Which share of what a region (row) holds in the end came from each region (column), by "
        "attention rollout through all layers. It speaks for no class, unlike the interactions; "
        "what is missing to 100 % came from tokens that are no place."
    )


@st.cache_resource(max_entries=16, ttl="1h", show_spinner=False)
def _flow(key: tuple[str, ...], _traced: LayerTrace, _labels: IntArray) -> DoubleArray:
    del key
    return region_flow(_traced.trace.context, _labels)


def _show_numbers(asked: MapUnderTest, found: RegionInteractions, key: tuple[str, ...]) -> None:
    def work(progress: Progress) -> PairGains:
        def asking(subject: Subject) -> PairGains:
            game = RegionGame(subject, found.labels, BLUR * min(subject.size), progress)
            return pair_gains(game, game.players)

        return run_experiment(asked.model, asked.photo.shown, asking, asked.target_index)[0]

    count = len(found.interactions.shapley)
    gains = long_work(
        "region pairs", key,
        lambda: f"It takes {count * count + count + 2:,} variants of the picture.", work,
        unit="variants", at_once=True,
    )  # fmt: skip
    if gains is not None:
        st.dataframe(pair_rows(found, gains), hide_index=True)


SECTIONS.add(Section("regions", "Which regions need each other", 30, show))
