"""Occlusion beside the map: the score lost at each position of a sliding patch."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from attnviz.evidence.faithfulness.confidence_drop import occlusion
from attnviz.evidence.faithfulness.verdict import shifted
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.randomisation.cascade import MapSimilarity, compare_maps
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.methods.inference import Cost
from attnviz.methods.occlusion import occlusion_patches
from attnviz.progress import Progress
from attnviz.types import FloatArray
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.inline_images import heat_link
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.kit.text import signed
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest

_SIDE = 560  # px


@dataclass(frozen=True, eq=False)
class OcclusionResult:
    """Logit lost at each position, float32 [h, w] for each fill, and notes on the input."""

    by_fill: dict[str, FloatArray]
    notes: tuple[str, ...]


def show_occlusion(tested: MapUnderTest, fills: Sequence[str]) -> None:
    """Show the map beside one occlusion map for each fill.

    Parameters
    ----------
    tested : MapUnderTest
        The map to compare with occlusion.
    fills : sequence of str
        Names of the fills that cover a patch.
    """
    st.html(
        '<div class="av-title">Patch by patch<small>occlusion, independent of the map</small></div>'
    )
    model = tested.model
    result = long_work(
        "occlusion",
        (tested.photo.shown.sha256, *model.key, *tested.asked_key, *fills),
        partial(_describe_cost, tested, len(fills)),
        partial(_compute, tested, fills),
        button="Run occlusion",
        unit="patches",
        pace=tested.pace("occlusion", partial(_cost, tested, len(fills))),
    )
    if result is None:
        return
    show_notes(result.notes)
    figures = [_figure(tested, "this map", tested.values, "")]
    figures += [
        _figure(tested, FILLS.get(name).title, np.maximum(losses, 0), describe_occlusion(losses))
        for name, losses in result.by_fill.items()
    ]
    st.html(f'<div class="av-cards">{"".join(figures)}</div>')
    st.caption(plain_text(describe_similarity(tested.values, result.by_fill)))


def describe_occlusion(losses: FloatArray) -> str:
    """Say how much a patch can lower the score of the class, and how much it can raise it.

    Parameters
    ----------
    losses : float32 [h, w]
        Logit lost at each position; negative where covering raises the score.

    Returns
    -------
    str
        Unescaped plain text.
    """
    words = f"up to {max(float(losses.max()), 0):.2f} logits are lost"
    if losses.min() < -0.25 * abs(losses.max()):
        words += f"; up to {-losses.min():.2f} are gained where the picture spoke against the class"
    return words


def describe_similarity(values: FloatArray, by_fill: dict[str, FloatArray]) -> str:
    """Compare a map with the occlusion map of each fill.

    Parameters
    ----------
    values : float32 [rows, columns]
        The map.
    by_fill : dict of str to float32 [h, w]
        Logit lost at each position.

    Returns
    -------
    str
        Unescaped plain text.
    """
    similarities = [
        f"{FILLS.get(name).title}: {_similarity_text(compare_maps(values, losses, losses.shape))}"
        for name, losses in by_fill.items()
    ]
    return (
        "Rank correlation with this map, and overlap of the highest fifth (0.20 by chance). "
        + " ".join(similarities)
    )


def _similarity_text(result: MapSimilarity | None) -> str:
    if result is None:
        return "one of the two maps is flat."
    return f"{signed(result.spearman)}, {result.overlap:.2f}."


def _compute(tested: MapUnderTest, fills: Sequence[str], progress: Progress) -> OcclusionResult:
    passes = 1 + len(occlusion_patches(tested.explanation.geometry.input_size)[1])

    def work(subject: Subject) -> dict[str, FloatArray]:
        by_fill = {}
        for number, name in enumerate(fills):
            shifted_progress = shifted(progress, number * passes, len(fills) * passes)
            by_fill[name] = occlusion(subject, FILLS.get(name)(), progress=shifted_progress)
        return by_fill

    return OcclusionResult(*run_experiment(tested.model, tested.photo.shown, work, tested.asked))


def _cost(tested: MapUnderTest, fills: int) -> Cost:
    _, corners = occlusion_patches(tested.explanation.geometry.input_size)
    return Cost(fills * len(corners), 0)


def _describe_cost(tested: MapUnderTest, fills: int) -> str:
    side, corners = occlusion_patches(tested.explanation.geometry.input_size)
    return (
        f"A patch of {side} px slides over the picture in steps of half its size, and each "
        f"position gets the score that is lost when it is covered: {len(corners):,} patches for "
        f"each of {fills} fills."
    )


def _figure(tested: MapUnderTest, title: str, values: FloatArray, note: str) -> str:
    photo = tested.photo.shown.reduced(_SIDE).pixels
    link = heat_link(photo, values, tested.explanation.geometry)
    alt = html.escape(f"{title}. {note}".strip())
    return (
        f'<figure><img alt="{alt}" src="{link}"><figcaption><b>{html.escape(title)}</b><br>'
        f"{html.escape(note)}</figcaption></figure>"
    )
