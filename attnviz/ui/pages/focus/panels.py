"""Panels of the page "Focus": filmstrip, predictions, values at a point."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import streamlit as st

from attnviz.analysis.certainty import Doubt
from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.analysis.prediction import AskedTarget
from attnviz.models.scores import ScoreKind
from attnviz.render.focus import focus_map
from attnviz.render.heat import colour_map
from attnviz.types import Pixels
from attnviz.ui.components.viewer import layer_names
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.inline_images import data_link
from attnviz.ui.pages.focus.verdict import guessed, verdict

FILM_SIDE = 132


def show_filmstrip(explanation: Explanation, chosen: str, colours: str) -> None:
    """Show all layers side by side, each on its own colour scale, the chosen one outlined.

    Parameters
    ----------
    explanation : Explanation
        The maps.
    chosen : str
        Name of the layer to outline.
    colours : str
        Name of the colour map.
    """
    figures = []
    for layer in layer_names(explanation):
        picture = _thumbnail(explanation, layer, colours)
        name = html.escape(layer)
        mark = ' class="av-on"' if layer == chosen else ""
        figures.append(
            f'<figure{mark} title="{name}"><img alt="map of {name}" src="{data_link(picture)}">'
            f"<figcaption>{name}</figcaption></figure>"
        )
    st.html(f'<div class="av-strip">{"".join(figures)}</div>')


def _thumbnail(explanation: Explanation, layer: str, colours: str) -> Pixels:
    height, width = explanation.geometry.picture_size
    rows = min(max(FILM_SIDE // 8, round(FILM_SIDE * height / width)), 2 * FILM_SIDE)
    small = explanation.geometry.resized((rows, FILM_SIDE))
    return colour_map(focus_map(explanation.map_of(layer), small).scaled, colours)


def show_predictions(
    before: Sequence[Prediction],
    after: Sequence[Prediction],
    explained: Prediction | None = None,
    doubt: Doubt | None = None,
    count: int = 4,
) -> None:
    """Show the top classes as bars, with their probabilities on the bokeh picture.

    Parameters
    ----------
    before : sequence of Prediction
        The most probable classes of the picture, best first.
    after : sequence of Prediction
        All classes on the bokeh picture.
    explained : Prediction, optional
        The class that the map explains.
    doubt : Doubt, optional
        Why the network's decision is only a guess; None if it is sure.
    count : int
        Number of classes to show. The class that is explained, and the one that the bokeh picture
        looks like, have bars in any case.
    """
    if not before:
        st.caption("This network returns features. It names no classes.")
        return
    later = {one.label: one.probability for one in reversed(after)}
    kept = later[before[0].label]
    sentence = (
        guessed(before, after[0], kept, doubt) if doubt else verdict(before[0], after[0], kept)
    )
    known = {one.label: one for one in reversed(before)} | (
        {explained.label: explained} if explained else {}
    )
    labels = [one.label for one in before[:count]]
    named = [after[0].label, *([explained.label] if explained else [])]
    most = before[-1].probability  # of a class that is none of the most probable
    bars = "".join(
        _bar(label, known[label].probability if label in known else None, later[label], most)
        for label in dict.fromkeys([*labels, *named])
    )
    st.html(f'<p class="av-verdict">{html.escape(sentence)}</p><div class="av-bars">{bars}</div>')
    st.caption("Probabilities. Pale: of the photo. Coloured: of the bokeh picture.")


def show_asked(asked: Sequence[AskedTarget]) -> None:
    """Show what the network says of what was asked, other than a class alone.

    Parameters
    ----------
    asked : sequence of AskedTarget
        With values, and shares of the focus where several compete.
    """
    for one in asked:
        label, value = one.prediction
        what = "value" if one.kind is ScoreKind.NONE else "probability"
        share = f", {100 * one.share:.0f} % of the focus" if len(asked) > 1 else ""
        st.markdown(f"**{plain_text(label)}**: {what} {value:.2f}{share}")


def _bar(label: str, before: float | None, after: float, most: float) -> str:
    """A class; of one that is none of the most probable it is known that it has `most` at most."""
    name = html.escape(label)
    first = f"≤ {most:.2f}" if before is None else f"{before:.2f}"
    return (
        f'<div class="av-bar"><div class="av-row"><span title="{name}">{name}</span>'
        f'<span class="av-num">{first} → {after:.2f}</span></div>'
        f'<div class="av-track"><i style="width:{100 * (before or 0):.1f}%"></i>'
        f'<b style="width:{100 * after:.1f}%"></b></div></div>'
    )


def show_point(explanation: Explanation, x: float, y: float) -> None:
    """Show the map's value at a point in every layer as bars.

    Parameters
    ----------
    explanation : Explanation
        The maps.
    x, y : float
        The point in 0..1 from the picture's left and top.
    """
    values = [_value_at(explanation, index, x, y) for index in range(len(explanation.layers))]
    seen = [value for value in values if value is not None]
    if not seen:
        st.caption("This part of the picture is outside the network's input.")
        return
    highest = max(explanation.value_range[1], 1e-12)
    rows = "".join(
        f'<div class="av-bar"><div class="av-row"><span>{html.escape(layer)}</span>'
        f'<span class="av-num">{value:.3g}</span></div><div class="av-track">'
        f'<b style="width:{100 * min(max(value / highest, 0), 1):.1f}%"></b></div></div>'
        for layer, value in zip(explanation.layers, seen, strict=True)
    )
    st.html(f'<div class="av-bars">{rows}</div>')
    st.caption(f"{100 * x:.0f} % from the left, {100 * y:.0f} % from the top.")


def _value_at(explanation: Explanation, index: int, x: float, y: float) -> float | None:
    """A layer's value in the cell that contains a point; None outside the network's input."""
    geometry, grid = explanation.geometry, explanation.maps[index]
    shares = geometry.input_point(x, y)
    if shares is None:
        return None
    row, column = (
        min(math.floor(share * cells), cells - 1)
        for share, cells in zip(shares, grid.shape, strict=True)
    )
    return float(grid[row, column])
