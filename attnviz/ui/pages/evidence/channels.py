"""Section "Channels": which of the picture's channels, or colours, does the decision rest on?"""

from __future__ import annotations

from functools import partial

import altair as alt
import streamlit as st

from attnviz.evidence.channels import ChannelEvidence, channel_evidence
from attnviz.methods.inference import Cost
from attnviz.progress import Progress
from attnviz.ui.kit.charts import chart_from_rows
from attnviz.ui.kit.findings import show_verdict
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.section import SECTIONS, Section

_MATTERS = 0.05  # of probability, that a channel takes away with it
_WITHOUT, _ALONE = "without it", "it alone"
_COLOURS = ["#0072b2", "#e69f00"]  # Okabe & Ito
_BAND = 22  # pixels a bar


def show(tested: MapUnderTest) -> None:
    """Show what becomes of the decision without each channel, and with each alone.

    Parameters
    ----------
    tested : MapUnderTest
        The map; what it explains is measured.
    """
    count = 2 * tested.model.preprocess.channels + 2
    found = long_work(
        "channels",
        (tested.photo.shown.sha256, *tested.model.key, *tested.asked_key),
        lambda: (
            f"The network classifies {count} pictures: without each channel, and with it alone."
        ),
        partial(_compute, tested),
        unit="pictures",
        at_once=True,
        pace=tested.pace("channels", lambda: Cost(count, 0)),
    )
    if found is None:
        return
    show_notes(tuple(note for note in found.notes if note not in tested.explanation.notes))
    show_verdict(describe_channels(found))
    st.altair_chart(channel_chart(found))
    st.caption(
        "A channel that is taken away has its mean over the picture everywhere: what it says of "
        "places is gone. Of two channels that say the same neither is missed, so look at both "
        "bars. The lines are all channels, and none."
    )


def describe_channels(found: ChannelEvidence) -> str:
    """Say which channel matters most, with its numbers.

    Parameters
    ----------
    found : ChannelEvidence
        From `channel_evidence`.

    Returns
    -------
    str
        Unescaped plain text.
    """
    most = int(found.lost.argmax())
    if found.lost[most] < _MATTERS:
        return (
            f"No channel is missed by itself: without any one of them {found.label} stays at "
            f"{found.without.min():.2f} or more, of {found.whole:.2f}."
        )
    return (
        f"The decision rests most on {found.names[most]}: without it {found.label} falls from "
        f"{found.whole:.2f} to {found.without[most]:.2f}; alone it gives {found.alone[most]:.2f}."
    )


def channel_chart(found: ChannelEvidence) -> alt.LayerChart | alt.FacetChart:
    """Draw two bars for each channel, and lines for all channels and for none.

    Parameters
    ----------
    found : ChannelEvidence
        From `channel_evidence`.

    Returns
    -------
    alt.LayerChart
        In the network's order of channels.
    """
    rows = [
        {"channel": name, "kind": kind, "value": round(float(value), 4)}
        for kind, values in ((_WITHOUT, found.without), (_ALONE, found.alone))
        for name, value in zip(found.names, values, strict=True)
    ]
    tip = [
        alt.Tooltip("channel:N", title="Channel"),
        alt.Tooltip("kind:N", title="Picture"),
        alt.Tooltip("value:Q", title=found.label, format=".3f"),
    ]
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=[_WITHOUT, _ALONE], range=_COLOURS),
        legend=alt.Legend(title=None, orient="top"),
    )  # fmt: skip
    bars = chart_from_rows(rows).mark_bar().encode(
        y=alt.Y("channel:N", sort=list(found.names), title=None),
        yOffset=alt.YOffset("kind:N", sort=[_WITHOUT, _ALONE]),
        color=colour,
        tooltip=tip,
    )  # fmt: skip
    ends = [
        {"what": "all channels", "value": round(found.whole, 4)},
        {"what": "none", "value": round(found.none, 4)},
    ]
    tips = [alt.Tooltip("what:N", title="With"), alt.Tooltip("value:Q", title=found.label)]
    rules = chart_from_rows(ends).mark_rule(strokeDash=[6, 4], size=2)
    lines = rules.encode(tooltip=tips)
    x = alt.X("value:Q", title=found.label)
    layered = alt.layer(*(part.encode(x=x) for part in (bars, lines)))
    return layered.properties(height=2 * _BAND * len(found.names) + _BAND)


def _compute(tested: MapUnderTest, progress: Progress) -> ChannelEvidence:
    return channel_evidence(tested.model, tested.photo.shown, tested.asked, progress)


SECTIONS.add(Section("channels", "Channels", 35, show))
