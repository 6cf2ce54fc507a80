"""What the set says as a whole, in a sentence, three charts and a picture of the usual place."""

from __future__ import annotations

import html

import altair as alt
import cv2
import numpy as np
import streamlit as st

from attnviz.batch.set_summary import SetSummary, histogram, summarise
from attnviz.types import FloatArray
from attnviz.ui.kit.charts import chart_from_rows
from attnviz.ui.kit.findings import bar_html, show_verdict
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.inline_images import png_link
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.pages.dataset.results import OpenedSet

_SIDE = 160
_COLOUR = "#0d9488"
_MOST_ERRORS = 100


def show_summary(opened: OpenedSet) -> None:
    """Show what all pictures together say, and which failed."""
    summary = summary_of(opened)
    show_verdict(verdict(summary))
    question = opened.results.question
    asked = question["target"] or "the top prediction of each"
    st.caption(plain_text(f"{question['model']} · {question['method']} · explains {asked}"))
    place, certainty, focus, classes = st.columns(4, gap="medium")
    with place:
        _show_place(summary)
    with certainty:
        _show_histogram(opened, "probability1", "Probability of the top class")
    with focus:
        _show_histogram(opened, "focus_share", "Share of the picture in focus")
    with classes:
        _show_classes(summary)
    for finding in opened.results.findings:
        st.markdown(f"**{plain_text(finding.title)}** {plain_text(finding.text)}")
    if summary.errors:
        _show_errors(opened, summary.errors)


def summary_of(opened: OpenedSet) -> SetSummary:
    """Return the summary, computed once for all visitors."""
    with st.spinner("Reading the maps …", show_time=True):
        return _summary(opened.key, opened)


@shared(CacheShelf.PAYLOADS)
def _summary(key: tuple[str, ...], _opened: OpenedSet) -> SetSummary:
    del key
    return summarise(_opened.results)


def verdict(summary: SetSummary) -> str:
    """Say in a sentence or two how sure the network is, and what went wrong."""
    looked = summary.pictures - summary.errors
    pictures = f"{looked:,} picture{'s' * (looked != 1)}"
    text = f"{pictures}, and the network is sure of {summary.sure:,}." if looked else ""
    if summary.flat:
        text += f" {summary.flat:,} map{'s are' if summary.flat > 1 else ' is'} flat."
    if summary.errors:
        text += f" {summary.errors:,} could not be opened."
    return text.strip()


def place_link(place: FloatArray) -> str:
    """Draw the place of a group's maps as a data: link, smoothly enlarged."""
    size = (_SIDE, _SIDE)
    large = np.asarray(cv2.resize(place, size, interpolation=cv2.INTER_CUBIC), np.float32)
    return png_link(np.maximum(large, 0), 0.0, float(large.max()))


def _show_place(summary: SetSummary) -> None:
    st.html('<h2 class="av-title">Where it looks on average</h2>')
    if summary.place is None or summary.centre is None:
        st.caption("No map says where.")
        return
    y, x = summary.centre
    text = f"Mean of all maps: its centre lies {_words(y, x)}"
    link = place_link(summary.place)
    st.html(f'<img class="av-place" alt="{html.escape(text)}" src="{link}">')
    st.caption(
        f"Mean of all maps. Its centre lies {100 * x:.0f} % from the left and {100 * y:.0f} % from "
        "the top."
    )


def _words(y: float, x: float) -> str:
    down = "above" if y < 0.45 else "below" if y > 0.55 else "in"
    across = "left of " if x < 0.45 else "right of " if x > 0.55 else ""
    return f"{down} {across}the middle".replace("in left", "left").replace("in right", "right")


def _show_histogram(opened: OpenedSet, column: str, title: str) -> None:
    edges, counts = histogram(opened.results, column)
    st.html(f'<h2 class="av-title">{html.escape(title)}</h2>')
    if not counts.any():
        st.caption("Not known of any picture.")
        return
    rows = [
        {"from": round(float(low), 3), "to": round(float(high), 3), "count": int(count)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    chart = (
        chart_from_rows(rows)
        .mark_bar(color=_COLOUR)
        .encode(
            x=alt.X("from:Q", bin="binned", title=None, scale=alt.Scale(domain=[0, 1])),
            x2="to:Q",
            y=alt.Y("count:Q", title="Pictures"),
            tooltip=[alt.Tooltip("from:Q"), alt.Tooltip("to:Q"), alt.Tooltip("count:Q")],
        )
        .properties(height=190)
    )
    st.altair_chart(chart, width="stretch")


def _show_classes(summary: SetSummary) -> None:
    st.html('<h2 class="av-title">Seen most often</h2>')
    if not summary.classes:
        st.caption("This network names no classes.")
        return
    most = summary.classes[0][1]
    bars = "".join(
        bar_html(label, f"{count:,}", count / most, "var(--av-primary)")
        for label, count in summary.classes[:6]
    )
    st.html(f'<div class="av-bars">{bars}</div>')


def _show_errors(opened: OpenedSet, count: int) -> None:
    with st.expander(f"{count:,} picture{'s' * (count > 1)} could not be opened"):
        failed = opened.results.scores.select(["path", "error"]).drop_null()
        for row in failed.slice(0, _MOST_ERRORS).to_pylist():
            st.markdown(f"**{plain_text(str(row['path']))}**  \n{plain_text(str(row['error']))}")
        if count > _MOST_ERRORS:
            st.caption(f"The first {_MOST_ERRORS}. All are in scores.parquet.")
