"""Occlusion, beside the map: what each place is worth when a patch is slid over it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from attnviz.evidence.faithfulness.confidence_drop import occlusion, occlusion_patches
from attnviz.evidence.faithfulness.verdict import shifted
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.randomisation.cascade import MapSimilarity, compare_maps
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import FloatArray
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.inline_images import heat_link
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.text import signed
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest

_SIDE = 560  # px


@dataclass(frozen=True, eq=False)
class OcclusionResult:
    """By fill: the logit lost with each place, float32 [h, w]; and what had to be changed."""

    by_fill: dict[str, FloatArray]
    notes: tuple[str, ...]


def show_occlusion(asked: MapUnderTest, fills: Sequence[str]) -> None:
    """The map, and under each fill what a sliding patch takes away."""
    st.html(
        '<div class="av-title">Patch by patch<small>occlusion, in no map\'s order</small></div>'
    )
    model = asked.model
    about = (asked.photo.shown.sha256, *model.key)
    found = long_work(
        "occlusion",
        (*about, asked.target, *fills),
        partial(_cost, asked, len(fills)),
        partial(_compute, asked, fills),
        button="Slide a patch",
        unit="patches",
    )
    if found is None:
        return
    for note in found.notes:
        st.warning(plain_text(note))
    figures = [_figure(asked, "this map", asked.values, "")]
    figures += [
        _figure(asked, FILLS.get(name).title, np.maximum(worth, 0), describe_occlusion(worth))
        for name, worth in found.by_fill.items()
    ]
    st.html(f'<div class="av-cards">{"".join(figures)}</div>')
    st.caption(plain_text(describe_similarity(asked.values, found.by_fill)))


def describe_occlusion(worth: FloatArray) -> str:
    """The most that a place is worth, and what speaks against the class."""
    words = f"up to {max(float(worth.max()), 0):.2f} logits are lost"
    if worth.min() < -0.25 * abs(worth.max()):
        words += f"; up to {-worth.min():.2f} are won where something spoke against the class"
    return words


def describe_similarity(values: FloatArray, by_fill: dict[str, FloatArray]) -> str:
    """How alike the map and each fill's occlusion are."""
    said = [
        f"{FILLS.get(name).title}: {_alike(compare_maps(values, worth, worth.shape))}"
        for name, worth in by_fill.items()
    ]
    return (
        "Rank correlation with this map, and shared part of the highest fifth (0.20 by chance). "
        + " ".join(said)
    )


def _alike(found: MapSimilarity | None) -> str:
    if found is None:
        return "one of the two is flat."
    return f"{signed(found.spearman)}, {found.overlap:.2f}."


def _compute(asked: MapUnderTest, fills: Sequence[str], progress: Progress) -> OcclusionResult:
    each = 1 + len(occlusion_patches(asked.explanation.geometry.input_size)[1])

    def work(subject: Subject) -> dict[str, FloatArray]:
        found = {}
        for number, name in enumerate(fills):
            told = shifted(progress, number * each, len(fills) * each)
            found[name] = occlusion(subject, FILLS.get(name)(), progress=told)
        return found

    return OcclusionResult(
        *run_experiment(asked.model, asked.photo.shown, work, asked.target_index)
    )


def _cost(asked: MapUnderTest, fills: int) -> str:
    side, corners = occlusion_patches(asked.explanation.geometry.input_size)
    return (
        f"A patch of {side} px slides over the picture, half of it at a time, and each place gets "
        f"the score that is lost with it: {len(corners):,} patches under each of {fills} fills."
    )


def _figure(asked: MapUnderTest, title: str, values: FloatArray, said: str) -> str:
    photo = asked.photo.shown.reduced(_SIDE).pixels
    link = heat_link(photo, values, asked.explanation.geometry)
    alt = html.escape(f"{title}. {said}".strip())
    return (
        f'<figure><img alt="{alt}" src="{link}"><figcaption><b>{html.escape(title)}</b><br>'
        f"{html.escape(said)}</figcaption></figure>"
    )
