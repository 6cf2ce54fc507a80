"""The three kinds of attention, with which the page "Layers" begins."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from attnviz.models.spec import ModelSpec
from attnviz.models.weights import is_here
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.model_list import listed_models
from attnviz.ui.kit.model_picker import choose_model

_COLOUR = "#1a9c90"  # seen on both themes
_BUTTONS = 2  # models of a kind to choose at once


@dataclass(frozen=True)
class AttentionKind:
    """A kind of attention in one sentence and one drawing.

    Attributes
    ----------
    kind
        As in `ModelSpec.kinds`.
    title
        Its name, and the question that it answers.
    sentence
        What it does.
    drawing
        Content of an SVG of 96 x 48 units.
    """

    kind: str
    title: str
    sentence: str
    drawing: str


def _cells(weights: str) -> str:
    """A grid of 6 x 3 cells whose opacity is a digit, in tenths."""
    rows = weights.split()
    return "".join(
        f'<rect x="{16 * column + 1}" y="{16 * row + 1}" width="14" height="14" rx="2" '
        f'opacity="{0.12 + 0.098 * int(digit):.2f}"/>'
        for row, digits in enumerate(rows)
        for column, digit in enumerate(digits)
    )


def _bars(heights: tuple[int, ...]) -> str:
    return "".join(
        f'<rect x="{12 * n + 2}" y="{46 - height}" width="8" height="{height}" rx="2" '
        f'opacity="{0.25 + height / 60:.2f}"/>'
        for n, height in enumerate(heights)
    )


def _links(places: tuple[tuple[int, int, float], ...]) -> str:
    lines = "".join(
        f'<line x1="24" y1="34" x2="{x}" y2="{y}" stroke="{_COLOUR}" stroke-width="{4 * w:.1f}" '
        f'opacity="{0.2 + 0.8 * w:.2f}"/><circle cx="{x}" cy="{y}" r="4"/>'
        for x, y, w in places
    )
    return f'{lines}<circle cx="24" cy="34" r="6"/>'


KINDS = (
    AttentionKind(
        "spatial", "Spatial: where?",
        "One weight for each place of the picture: a soft mask that lets some places through.",
        _cells("012210 038930 014520"),
    ),
    AttentionKind(
        "channel", "Channel: what?",
        "One weight for each feature, such as an edge or a colour: a gate that turns it up or "
        "down, the same everywhere.",
        _bars((10, 38, 16, 44, 8, 24, 12, 30)),
    ),
    AttentionKind(
        "context", "Context: with what?",
        "Every place looks at all others and takes from those that matter to it: self-attention, "
        "as in transformers.",
        _links(((8, 8, 0.2), (48, 8, 0.9), (70, 24, 0.5), (88, 42, 0.15), (54, 42, 0.3))),
    ),
)  # fmt: skip


def show_kinds() -> None:
    """Show a card for each kind, with the models that have it."""
    specs = listed_models()
    with st.container(key="layers-kinds"):
        for column, kind in zip(st.columns(len(KINDS)), KINDS, strict=True):
            with column, st.container(border=True):
                st.html(kind_card(kind))
                _show_models(kind, specs)


def kind_card(kind: AttentionKind) -> str:
    """Draw the card of a kind, without its models; returns HTML."""
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 48" fill="{_COLOUR}" '
        f'stroke-linecap="round">{kind.drawing}</svg>'
    )
    # As an image, because Streamlit takes drawings out of HTML. The sentence says what it shows.
    link = f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
    return (
        f'<div class="av-kind"><img alt="" src="{link}"/>'
        f"<div><h3>{kind.title}</h3><p>{kind.sentence}</p></div></div>"
    )


def _show_models(kind: AttentionKind, specs: Mapping[str, ModelSpec]) -> None:
    having = [spec for spec in specs.values() if kind.kind in spec.kinds]
    # The one that has fewest other kinds shows this one best.
    here = sorted((spec for spec in having if is_here(spec)), key=lambda spec: len(spec.kinds))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for spec in here[:_BUTTONS]:
            st.button(
                plain_text(spec.title), key=f"{kind.kind} {spec.name}",
                on_click=choose_model, args=(spec.name,),
            )  # fmt: skip
        more = len(having) - len(here[:_BUTTONS])
        if more:
            st.caption(f"and {more} more: type *{kind.kind}* into the box for the model")
