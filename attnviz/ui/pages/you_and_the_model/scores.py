"""How near maps come to one person's clicks, between what must be known to read the numbers."""

from __future__ import annotations

import html
from collections.abc import Mapping

import cv2
import numpy as np
import streamlit as st

from attnviz.errors import VisionError
from attnviz.metrics.click_scores import CHANCE, ClickScores, score_clicks
from attnviz.metrics.saliency import centre_prior
from attnviz.pictures import Picture
from attnviz.types import FloatArray
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.pages.you_and_the_model.charts import score_chart
from attnviz.ui.pages.you_and_the_model.texts import MODEL
from attnviz.vision.bubbleview.bubbles import bubble_radius, grid_cells
from attnviz.vision.bubbleview.rounds import Round
from attnviz.vision.spectral_residual import spectral_residual

LONGEST = 400  # px of the grid on which maps are compared: a bubble is 20 px there
CENTRE, RESIDUAL = "centre prior", "spectral residual"
MEANING = {
    "NSS": "How many standard deviations the map lies above its mean where you clicked.",
    "AUC": "How often your spot has a higher value than one you did not click; ties count half.",
    "CC": "Correlation of the map with your clicks, each blurred by a bubble's radius.",
}


def show_scores(picture: Picture, played: Round, values: FloatArray | None) -> None:
    """Each score of chance, of two maps that know no network, and of the network's own map.

    values: the network's map at the picture's size; None where it has none.
    """
    st.html('<div class="av-title">How near each map comes to your clicks</div>')
    found, unscored = _scores(picture, played, values)
    for sentence in unscored:
        st.caption(plain_text(sentence))
    columns = st.columns(len(CHANCE), gap="large")
    for column, name in zip(columns, CHANCE, strict=True):
        with column:
            st.html(f'<div class="av-title">{name}</div>')
            scores = {title: one.by_name()[name] for title, one in found.items()}
            st.altair_chart(score_chart(name, scores), width="stretch")
            st.caption(MEANING[name])
    with st.expander("The same in numbers"):
        st.html(_table(found))
        st.caption(
            "In brackets the 95 % bootstrap interval over your clicks: what so few of them leave "
            "open. It says nothing of other people or pictures."
        )


def _scores(
    picture: Picture, played: Round, values: FloatArray | None
) -> tuple[dict[str, ClickScores], list[str]]:
    """Scores by map, and why a map has none."""
    small = picture.reduced(LONGEST)
    size = small.height, small.width
    maps = {CENTRE: centre_prior(*size), RESIDUAL: spectral_residual(small.pixels)}
    if values is not None:
        reduced = cv2.resize(values, size[::-1], interpolation=cv2.INTER_AREA)
        maps[MODEL] = np.asarray(reduced, np.float32)
    found, unscored = {}, []
    for name, one in maps.items():
        key = (picture.sha256, name, repr(played.clicks), float(one.sum(dtype=np.float64)))
        try:
            found[name] = _scored(key, one, played)
        except VisionError as error:
            unscored.append(f"{name.capitalize()} has no score here. {error}")
    if values is None:
        unscored.append("The model has no map here that could be scored.")
    return found, unscored


@st.cache_data(max_entries=128, ttl="2h", show_spinner=False)
def _scored(key: tuple[object, ...], _values: FloatArray, _played: Round) -> ClickScores:
    del key
    size = _values.shape[0], _values.shape[1]
    return score_clicks(_values, *grid_cells(_played.centres, size), bubble_radius(size))


def _table(found: Mapping[str, ClickScores]) -> str:
    head = "".join(f"<b>{name}</b>" for name in CHANCE)
    chance = "".join(f"<span>{value:g}</span>" for value in CHANCE.values())
    rows = [f"<b>chance</b>{chance}"]
    for title, one in found.items():
        numbers = "".join(
            f"<span>{score.mean:.2f}<small>[{score.low:.2f}, {score.high:.2f}]</small></span>"
            for score in one.by_name().values()
        )
        rows.append(f"<b>{html.escape(title)}</b>{numbers}")
    return f'<div class="av-clicks"><b></b>{head}{"".join(rows)}</div>'
