"""One picture of the folder: who looked where, the maps beside it, and their scores."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import streamlit as st

from attnviz.agreement.ground_truth import BITS, KL, NSS, SHUFFLED
from attnviz.agreement.one_picture import PhotoScores, ScoredMap, score_photo
from attnviz.metrics.densities import density
from attnviz.metrics.fixations import FixatedPicture
from attnviz.pictures import Picture, open_picture
from attnviz.progress import Progress
from attnviz.render.heat import heat_overlay
from attnviz.types import AnyFloatArray, DoubleArray, FloatArray
from attnviz.ui.components.fixation_player.component import show_gaze
from attnviz.ui.components.fixation_player.packing import pack
from attnviz.ui.kit.cache import file_version
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.inline_images import data_link
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.pages.people.bars import Bar, score_bars, short_name
from attnviz.ui.pages.people.folder import OpenedFolder
from attnviz.ui.pages.people.options import ComparisonOptions, contestants, mismatch_notes

_GRID = 400
_HEAT = "inferno"
_DENSITIES_ONLY = "Only for densities: the comparison of all pictures makes one of every map."


@dataclass(frozen=True)
class MapCard:
    """A contestant's map over the photo as a data: link ("" without one), and its scores."""

    title: str
    source: str
    link: str
    scores: dict[str, float]
    why: str


@dataclass(frozen=True)
class PhotoView:
    """What is shown of one picture's scores; seconds is how long they took."""

    people_link: str
    cards: tuple[MapCard, ...]
    people: dict[str, float]
    seconds: float


def show_fixations(opened: OpenedFolder, number: int, degree: float) -> None:
    """The photo with its fixations, density and scanpaths."""
    looked = opened.found.pictures[number]
    key = (*opened.key, str(number), *map(str, file_version(looked.path)))
    show_gaze(_packed(key, degree, looked), key="people gaze")


@st.cache_data(max_entries=64, ttl="2h", show_spinner=False)
def _packed(key: tuple[str, ...], degree: float, _looked: FixatedPicture) -> bytes:
    del key
    return pack(_looked, open_picture(_looked.path), fixation_density(_looked, degree))


def fixation_density(looked: FixatedPicture, degree: float) -> DoubleArray:
    """Where all viewers looked, on a grid of at most 400 cells a side."""
    height, width = looked.size
    shrink = min(1.0, _GRID / max(height, width))
    size = max(1, round(height * shrink)), max(1, round(width * shrink))
    return density(*looked.cells(size), size, degree * size[1] / width)


def compute_view(opened: OpenedFolder, number: int, asked: ComparisonOptions) -> PhotoView | None:
    """The picture's scores, made once; None before they are asked for, or without others."""
    others = opened.others
    looked = opened.found.pictures[number]
    if others is None:
        st.info(
            "Scores need a second picture: where people look in other pictures is the yardstick."
        )
        return None
    key = (*opened.key, str(number), *map(str, file_version(looked.path)), *asked.key)

    def work(progress: Progress) -> PhotoView:
        made = contestants(asked, others)
        begun = time.monotonic()
        done = score_photo(
            opened.found, others, number, made, pixels_per_degree=asked.degree, progress=progress
        )
        return _view(done, time.monotonic() - begun)

    view: PhotoView | None = long_work(
        "people photo",
        key,
        lambda: "A map of this photo takes many passes through a network.",
        work,
        button="Score this photo",
        unit="maps",
        at_once=not asked.slow,
    )
    for sentence in mismatch_notes(asked):
        st.caption(plain_text(sentence))
    return view


def _view(found: PhotoScores, seconds: float) -> PhotoView:
    people = heat_overlay(found.picture.pixels, _stretched(found.truth), name=_HEAT)
    cards = tuple(_card(one, found.picture) for one in found.maps)
    return PhotoView(data_link(people), cards, found.inter_observer, seconds)


def _card(one: ScoredMap, picture: Picture) -> MapCard:
    link = ""
    if one.values is not None and np.isfinite(one.values).all():
        size = picture.width, picture.height
        values = cv2.resize(one.values, size) if one.values.shape != size[::-1] else one.values
        link = data_link(heat_overlay(picture.pixels, _stretched(values), name=_HEAT))
    return MapCard(short_name(one.name), one.source, link, one.scores, one.problem)


def _stretched(values: AnyFloatArray) -> FloatArray:
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-7 * max(abs(high), abs(low)):
        return np.zeros(values.shape, np.float32)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), np.float32)


def verdict(looked: FixatedPicture, view: PhotoView) -> str:
    """What this picture says, in a sentence."""
    many, count = len(looked.observers), sum(len(one.x) for one in looked.observers)
    said = f"{many} viewer{'s' * (many > 1)}, {count} fixations. "
    known = [card for card in view.cards if NSS in card.scores]
    if not known:
        return said + "No map of this picture can be scored."
    best = max(known, key=lambda card: card.scores[NSS])
    said += f"Nearest to them: {best.title}, NSS {best.scores[NSS]:.2f}"
    if NSS in view.people:
        return said + f"; other people reach {view.people[NSS]:.2f}."
    return said + "."


def show_maps(view: PhotoView) -> None:
    """People's density and everyone's map on one page."""
    figures = [_figure("People", "density of all fixations", view.people_link, "")]
    for card in view.cards:
        numbers = " · ".join(
            f"{name} {card.scores[score]:.2f}".replace("-", "\N{MINUS SIGN}")
            for name, score in (("NSS", NSS), ("shuffled AUC", SHUFFLED))
            if score in card.scores
        )
        figures.append(_figure(card.title, card.source, card.link, card.why or numbers))
    st.html(f'<div class="av-cards av-people-maps">{"".join(figures)}</div>')
    st.caption("Each map is stretched from its own lowest to its own highest value.")


def _figure(title: str, source: str, link: str, said: str) -> str:
    name = html.escape(title)
    picture = (
        f'<img alt="map: {name}" src="{link}">' if link else '<div class="av-none">no map</div>'
    )
    aside = f"<small>{html.escape(source)}</small>" if source else ""
    return (
        f"<figure>{picture}<figcaption><b>{name}</b> {aside}<div>{html.escape(said)}</div>"
        "</figcaption></figure>"
    )


def show_scores(view: PhotoView, only: Sequence[str]) -> None:
    """Bars for each of these scores of the picture."""
    parts = []
    for score in only:
        bars = [
            Bar(card.title, card.scores[score], plain=not card.source)
            for card in view.cards
            if score in card.scores
        ]
        if bars:
            note = _DENSITIES_ONLY if score in (KL, BITS) else ""
            parts.append(score_bars(score, bars, view.people.get(score), note))
    st.html(f'<div class="av-scores">{"".join(parts)}</div>')
