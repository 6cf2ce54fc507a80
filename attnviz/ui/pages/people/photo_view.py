"""One picture of the folder: its fixations, the maps of people and models, and their scores."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import streamlit as st

from attnviz.metrics.densities import density
from attnviz.metrics.fixations import FixatedPicture
from attnviz.people.ground_truth import BITS, KL, NSS, SHUFFLED
from attnviz.people.one_picture import PhotoScores, ScoredMap, score_photo
from attnviz.pictures import Picture, open_picture
from attnviz.progress import Progress
from attnviz.render.heat import heat_overlay
from attnviz.types import AnyFloatArray, DoubleArray, FloatArray
from attnviz.ui.components.fixation_player.component import show_gaze
from attnviz.ui.components.fixation_player.packing import pack
from attnviz.ui.kit.file_version import file_version
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.inline_images import data_link
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.pages.people.bars import Bar, score_bars, short_name
from attnviz.ui.pages.people.folder import OpenedFolder
from attnviz.ui.pages.people.options import ComparisonOptions, contestants, mismatch_notes

_GRID = 400
_HEAT = "inferno"
_DENSITIES_ONLY = "For densities only. Comparing all pictures converts every map to a density."


@dataclass(frozen=True)
class MapCard:
    """A map over the photo as a data: link ("" without one), its scores, or why it has none."""

    title: str
    source: str
    link: str
    scores: dict[str, float]
    why: str


@dataclass(frozen=True)
class PhotoView:
    """Maps and scores of one picture, and the seconds they took."""

    people_link: str
    cards: tuple[MapCard, ...]
    people: dict[str, float]
    seconds: float


def show_fixations(opened: OpenedFolder, number: int, degree: float) -> None:
    """Show a photo with its fixations, density and scanpaths.

    Parameters
    ----------
    opened : OpenedFolder
        Pictures with fixations.
    number : int
        Index of the picture.
    degree : float
        Image pixels per degree of visual angle.
    """
    picture = opened.dataset.pictures[number]
    key = (*opened.key, str(number), *map(str, file_version(picture.path)))
    show_gaze(_packed(key, degree, picture), key="people gaze")


@st.cache_data(max_entries=64, ttl="2h", show_spinner=False)
def _packed(key: tuple[str, ...], degree: float, _picture: FixatedPicture) -> bytes:
    del key
    return pack(_picture, open_picture(_picture.path), fixation_density(_picture, degree))


def fixation_density(picture: FixatedPicture, degree: float) -> DoubleArray:
    """Smooth the fixations of all viewers.

    Parameters
    ----------
    picture : FixatedPicture
        Picture with fixations.
    degree : float
        Image pixels per degree of visual angle: the standard deviation.

    Returns
    -------
    float64 [h, w]
        Density with at most 400 cells a side.
    """
    height, width = picture.size
    shrink = min(1.0, _GRID / max(height, width))
    size = max(1, round(height * shrink)), max(1, round(width * shrink))
    return density(*picture.cells(size), size, degree * size[1] / width)


def compute_view(opened: OpenedFolder, number: int, options: ComparisonOptions) -> PhotoView | None:
    """Score a picture once, or when the user starts it where methods are slow.

    Parameters
    ----------
    opened : OpenedFolder
        Pictures with fixations.
    number : int
        Index of the picture.
    options : ComparisonOptions
        Models and methods.

    Returns
    -------
    PhotoView or None
        None until it is computed, and if there is no second picture.
    """
    centre_bias = opened.centre_bias
    picture = opened.dataset.pictures[number]
    if centre_bias is None:
        st.info(
            "Scores need a second picture: the fixations on other pictures serve as the baseline."
        )
        return None
    key = (*opened.key, str(number), *map(str, file_version(picture.path)), *options.key)

    def work(progress: Progress) -> PhotoView:
        makers = contestants(options, centre_bias)
        start = time.monotonic()
        scores = score_photo(
            opened.dataset,
            centre_bias,
            number,
            makers,
            pixels_per_degree=options.degree,
            progress=progress,
        )
        return _view(scores, time.monotonic() - start)

    view: PhotoView | None = long_work(
        "people photo",
        key,
        lambda: "A map of this photo needs many passes through a network.",
        work,
        button="Score this photo",
        unit="maps",
        at_once=not options.slow,
    )
    for note in mismatch_notes(options):
        st.caption(plain_text(note))
    return view


def _view(scores: PhotoScores, seconds: float) -> PhotoView:
    people = heat_overlay(scores.picture.pixels, _stretched(scores.truth), name=_HEAT)
    cards = tuple(_card(item, scores.picture) for item in scores.maps)
    return PhotoView(data_link(people), cards, scores.inter_observer, seconds)


def _card(item: ScoredMap, picture: Picture) -> MapCard:
    link = ""
    if item.values is not None and np.isfinite(item.values).all():
        size = picture.width, picture.height
        values = cv2.resize(item.values, size) if item.values.shape != size[::-1] else item.values
        link = data_link(heat_overlay(picture.pixels, _stretched(values), name=_HEAT))
    return MapCard(short_name(item.name), item.source, link, item.scores, item.problem)


def _stretched(values: AnyFloatArray) -> FloatArray:
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-7 * max(abs(high), abs(low)):
        return np.zeros(values.shape, np.float32)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), np.float32)


def verdict(picture: FixatedPicture, view: PhotoView) -> str:
    """Say which map is closest to the fixations on a picture.

    Parameters
    ----------
    picture : FixatedPicture
        Picture with fixations.
    view : PhotoView
        Its scores.

    Returns
    -------
    str
        Unescaped plain text.
    """
    viewer_count, count = len(picture.observers), sum(len(viewer.x) for viewer in picture.observers)
    text = f"{viewer_count} viewer{'s' * (viewer_count > 1)}, {count} fixations. "
    scored = [card for card in view.cards if NSS in card.scores]
    if not scored:
        return text + "No map of this picture can be scored."
    best = max(scored, key=lambda card: card.scores[NSS])
    text += f"Closest map: {best.title}, NSS {best.scores[NSS]:.2f}"
    if NSS in view.people:
        return text + f"; other people reach {view.people[NSS]:.2f}."
    return text + "."


def show_maps(view: PhotoView) -> None:
    """Show the density of people's fixations and all maps side by side."""
    figures = [_figure("People", "density of all fixations", view.people_link, "")]
    for card in view.cards:
        numbers = " · ".join(
            f"{name} {card.scores[score]:.2f}".replace("-", "\N{MINUS SIGN}")
            for name, score in (("NSS", NSS), ("shuffled AUC", SHUFFLED))
            if score in card.scores
        )
        figures.append(_figure(card.title, card.source, card.link, card.why or numbers))
    st.html(f'<div class="av-cards av-people-maps">{"".join(figures)}</div>')
    st.caption("Each map is scaled from its lowest to its highest value.")


def _figure(title: str, source: str, link: str, text: str) -> str:
    name = html.escape(title)
    picture = (
        f'<img alt="map: {name}" src="{link}">' if link else '<div class="av-none">no map</div>'
    )
    aside = f"<small>{html.escape(source)}</small>" if source else ""
    return (
        f"<figure>{picture}<figcaption><b>{name}</b> {aside}<div>{html.escape(text)}</div>"
        "</figcaption></figure>"
    )


def show_scores(view: PhotoView, only: Sequence[str]) -> None:
    """Show the bars of some scores of the picture.

    Parameters
    ----------
    view : PhotoView
        The picture's scores.
    only : sequence of str
        Names of the scores to show.
    """
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
