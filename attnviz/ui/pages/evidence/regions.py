"""Section "Which regions need each other": interactions between a picture's regions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from attnviz.analysis.layer_trace import LayerTrace
from attnviz.evidence.interaction.attention_flow import region_flow
from attnviz.evidence.interaction.regions import (
    BLUR,
    RegionGame,
    RegionInteractions,
    coalition_count,
    cut_regions,
    measure_interactions,
)
from attnviz.evidence.interaction.shapley import EXACT_PLAYERS, PairGains, pair_gains
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.methods.inference import Cost
from attnviz.progress import Progress
from attnviz.types import DoubleArray, IntArray
from attnviz.ui.kit.findings import show_verdict
from attnviz.ui.kit.layer_traces import trace_photo
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.kit.shared import CacheShelf, shared
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
    """How the picture is divided, and into how many regions at most."""

    cut: str
    count: int

    def labels(self, subject: Subject) -> IntArray:
        return cut_regions(subject, self.count, self.cut)


def show(tested: MapUnderTest) -> None:
    """Show the graph over the photo, the matrices, and a summary in words.

    Parameters
    ----------
    tested : MapUnderTest
        Gives picture, network and target; the map itself plays no part here.
    """
    options = _pick_options()
    key = (
        *(tested.photo.shown.sha256, *tested.model.key),
        *(*tested.asked_key, options.cut, str(options.count)),
    )
    result = long_work(
        "regions",
        key,
        partial(_describe_cost, options.count),
        partial(_compute, tested, options),
        button="Compute interactions",
        unit="variants",
        at_once=options.count <= _AT_ONCE,
        pace=tested.pace("regions", lambda: Cost(coalition_count(options.count), 0)),
    )
    if result is None:
        return
    regions, notes = result
    show_notes(notes)
    show_verdict(describe_regions(regions, tested.target))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        geometry = tested.explanation.geometry
        st.html(region_graph(tested.photo.shown.pixels, geometry, regions, tested.target))
        st.html(graph_legend(tested.target))
    with right:
        st.markdown("##### Interaction of each pair of regions")
        st.html(relation_matrix(regions.interactions))
        st.caption(_method_text(regions))
        _show_flow(tested, regions.labels, key)
    if st.toggle(
        "Numbers of all pairs",
        key="regions numbers",
        help="Also the joint contribution of two regions on their own and next to all others. The "
        "two differ where the score saturates.",
    ):
        _show_numbers(tested, regions, key)


def _pick_options() -> _RegionOptions:
    start_choice(_CUT, _CUTS)
    start_choice(_COUNT, _COUNTS, default=str(_AT_ONCE))
    left, right = st.columns(2)
    with left:
        cut = str(
            st.selectbox(
                "Divide the picture",
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
                help=f"Up to {EXACT_PLAYERS} regions: all coalitions, exact. Above: a sample.",
            )
        )  # fmt: skip
    return _RegionOptions(cut, int(count))


def _describe_cost(count: int) -> str:
    how = "all coalitions" if count <= EXACT_PLAYERS else "a sample of the coalitions"
    return (
        f"The network classifies {how} of {count} regions: up to {coalition_count(count):,} "
        "variants of the picture."
    )


def _compute(
    tested: MapUnderTest, options: _RegionOptions, progress: Progress
) -> tuple[RegionInteractions, tuple[str, ...]]:
    def work(subject: Subject) -> RegionInteractions:
        return measure_interactions(subject, options.labels(subject), progress=progress)

    return run_experiment(tested.model, tested.photo.shown, work, tested.asked)


def _method_text(result: RegionInteractions) -> str:
    count = len(result.interactions.shapley)
    how = (
        f"Exact, from all {2**count} coalitions."
        if result.exact
        else "From a sample of coalitions; values within two standard errors of 0 count as 0."
    )
    return (
        "Left of each row: the region's contribution (Shapley value). In the row: what two regions "
        "add together beyond that (interaction index). Both are in units of the class's score "
        f"before softmax. Regions outside a coalition are blurred. {how}"
    )


def _show_flow(tested: MapUnderTest, labels: IntArray, key: tuple[str, ...]) -> None:
    """Rollout between the regions; nothing for a network without spatial self-attention."""
    with st.spinner("Following the attention …"):
        traced = trace_photo(tested.photo, tested.model).layers
    if not any(reading.has_positions for reading in traced.trace.context):
        return
    st.markdown("##### Attention from region to region")
    st.html(flow_matrix(_flow(key, traced, labels)))
    st.caption(
        "Share of a region's final information (row) that comes from each region (column), by "
        "attention rollout through all layers. Unlike the interactions, it does not depend on a "
        "class. Rows add up to less than 100 %: the rest comes from tokens without a position."
    )


@shared(CacheShelf.EXPLANATIONS)
def _flow(key: tuple[str, ...], _traced: LayerTrace, _labels: IntArray) -> DoubleArray:
    del key
    return region_flow(_traced.trace.context, _labels)


def _show_numbers(tested: MapUnderTest, result: RegionInteractions, key: tuple[str, ...]) -> None:
    def work(progress: Progress) -> PairGains:
        def gains_of(subject: Subject) -> PairGains:
            game = RegionGame(subject, result.labels, BLUR * min(subject.size), progress)
            return pair_gains(game, game.players)

        return run_experiment(tested.model, tested.photo.shown, gains_of, tested.asked)[0]

    count = len(result.interactions.shapley)
    gains = long_work(
        "region pairs", key,
        lambda: f"The network classifies {count * count + count + 2:,} more variants.", work,
        unit="variants", at_once=True,
    )  # fmt: skip
    if gains is not None:
        st.dataframe(pair_rows(result, gains), hide_index=True)


SECTIONS.add(Section("regions", "Which regions need each other", 30, show))
