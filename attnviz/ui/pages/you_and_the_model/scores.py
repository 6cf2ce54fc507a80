"""Scores of maps against one person's clicks, with what one needs to know to read them."""

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

LONGEST = 400  # px, longer side of the grid on which maps are compared; a bubble is 20 px there
CENTRE, RESIDUAL = "centre prior", "spectral residual"
MEANING = {
    "NSS": "Mean of the map at your clicks, in standard deviations above the map's mean.",
    "AUC": "How often the map is higher at your click than at a point you did not click; ties "
    "count half.",
    "CC": "Correlation of the map with your clicks, each blurred by the radius of a bubble.",
}


def show_scores(picture: Picture, played: Round, values: FloatArray | None) -> None:
    """Show each score of the network's map, of two baseline maps, and of chance.

    Parameters
    ----------
    picture : Picture
        The picture, at the size at which it was played.
    played : Round
        The person's clicks.
    values : float32 [H, W], optional
        The network's map at the picture's size.
    """
    st.html('<div class="av-title">How well each map predicts your clicks</div>')
    scores_by_map, unscored = _scores(picture, played, values)
    for note in unscored:
        st.caption(plain_text(note))
    columns = st.columns(len(CHANCE), gap="large")
    for column, name in zip(columns, CHANCE, strict=True):
        with column:
            st.html(f'<div class="av-title">{name}</div>')
            scores = {
                title: click_scores.by_name()[name] for title, click_scores in scores_by_map.items()
            }
            st.altair_chart(score_chart(name, scores), width="stretch")
            st.caption(MEANING[name])
    with st.expander("The same in numbers"):
        st.html(_table(scores_by_map))
        st.caption(
            "In brackets: 95 % bootstrap interval over your clicks, the uncertainty of so few. It "
            "says nothing about other people or pictures."
        )


def _scores(
    picture: Picture, played: Round, values: FloatArray | None
) -> tuple[dict[str, ClickScores], list[str]]:
    """Scores by map, and notes on maps without scores."""
    small = picture.reduced(LONGEST)
    size = small.height, small.width
    maps = {CENTRE: centre_prior(*size), RESIDUAL: spectral_residual(small.pixels)}
    if values is not None:
        reduced = cv2.resize(values, size[::-1], interpolation=cv2.INTER_AREA)
        maps[MODEL] = np.asarray(reduced, np.float32)
    scores_by_map, unscored = {}, []
    for name, grid in maps.items():
        key = (picture.sha256, name, repr(played.clicks), float(grid.sum(dtype=np.float64)))
        try:
            scores_by_map[name] = _scored(key, grid, played)
        except VisionError as error:
            unscored.append(f"{name.capitalize()} has no score here. {error}")
    if values is None:
        unscored.append("The model has no map to score here.")
    return scores_by_map, unscored


@st.cache_data(max_entries=128, ttl="2h", show_spinner=False)
def _scored(key: tuple[object, ...], _values: FloatArray, _played: Round) -> ClickScores:
    del key
    size = _values.shape[0], _values.shape[1]
    return score_clicks(_values, *grid_cells(_played.centres, size), bubble_radius(size))


def _table(scores_by_map: Mapping[str, ClickScores]) -> str:
    head = "".join(f"<b>{name}</b>" for name in CHANCE)
    chance = "".join(f"<span>{value:g}</span>" for value in CHANCE.values())
    rows = [f"<b>chance</b>{chance}"]
    for title, click_scores in scores_by_map.items():
        numbers = "".join(
            f"<span>{score.mean:.2f}<small>[{score.low:.2f}, {score.high:.2f}]</small></span>"
            for score in click_scores.by_name().values()
        )
        rows.append(f"<b>{html.escape(title)}</b>{numbers}")
    return f'<div class="av-clicks"><b></b>{head}{"".join(rows)}</div>'
