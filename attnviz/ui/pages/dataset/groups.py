"""Groups of pictures whose maps lie in the same place, the most suspicious first."""

from __future__ import annotations

import html
from functools import partial

import streamlit as st

from attnviz.batch.clusters import MapCluster
from attnviz.types import IntArray
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.pages.dataset.results import OpenedSet
from attnviz.ui.pages.dataset.small import focus_link
from attnviz.ui.pages.dataset.summary import place_link, summary_of

_GROUP = "set group"
_MOST, _SHOWN = 4, 3


def show_groups(opened: OpenedSet) -> None:
    """Show groups as cards; a click shows the pictures of one alone."""
    clusters = summary_of(opened).clusters[:_MOST]
    if not clusters:
        return
    st.html('<h2 class="av-title">Pictures alike in where the network looks</h2>')
    st.caption(
        "First the groups that have more of one class than chance explains, and lie where the "
        "network seldom looks: in them it may follow a watermark, a border or another shortcut."
    )
    for number, (column, cluster) in enumerate(zip(st.columns(_MOST), clusters, strict=False)):
        with column:
            _show_card(opened, number, cluster)


def chosen_group(opened: OpenedSet) -> IntArray | None:
    """Return the row numbers of the chosen group; None for all pictures."""
    chosen = st.session_state.get(_GROUP)
    clusters = summary_of(opened).clusters
    if chosen is None or chosen[0] != opened.key or chosen[1] >= len(clusters):
        return None
    members: IntArray = clusters[chosen[1]].members
    return members


def leave_group() -> None:
    """Show all pictures again."""
    st.session_state.pop(_GROUP, None)


def _show_card(opened: OpenedSet, number: int, cluster: MapCluster) -> None:
    links = [place_link(cluster.place)]
    links += [focus_link(opened, int(row)) for row in cluster.members[:_SHOWN]]
    pictures = "".join(f'<img alt="" src="{html.escape(link)}">' for link in links if link)
    st.html(f'<div class="av-group">{pictures}</div>')
    label = plain_text(cluster.label) if cluster.label else "without a class"
    chance = (
        ":orange-badge[:material/warning: may follow a shortcut] "
        "More of one class than chance brings about."
        if cluster.stands_out
        else "Not more of one class than chance may bring about."
    )
    st.markdown(
        f"**{100 * cluster.purity:.0f} % {label}** ({100 * cluster.usual:.0f} % of all); "
        f"{100 * cluster.distance:.0f} % of the map lies elsewhere than usual. {chance}"
    )
    st.button(
        f"Show these {len(cluster.members):,}", key=f"set group {number}",
        on_click=partial(st.session_state.__setitem__, _GROUP, (opened.key, number)),
    )  # fmt: skip
