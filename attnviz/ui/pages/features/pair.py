"""Why two pictures are alike: patches that correspond, and both pictures in focus."""

from __future__ import annotations

import math

import streamlit as st

from attnviz.analysis.counterparts import Likeness, likeness
from attnviz.analysis.features import PatchFeatures
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusSettings, focus_map
from attnviz.render.heat import heat_overlay
from attnviz.render.joined import joined
from attnviz.types import FloatArray, Pixels
from attnviz.ui.kit.inline_images import legend_numbers, show_picture
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.pages.features.cache import Key

LINES = "feature lines"
_COUNTS = ("5", "10", "20", "40")
_SIDE = 640
_BLUR = 0.028
# Nearly every patch is somewhat like one of the other picture: sharp is what is more than that.
_SETTINGS = FocusSettings(threshold=0.5)


def show_pair(key: Key, names: tuple[str, str], pair: tuple[PatchFeatures, PatchFeatures]) -> None:
    """Show what the first two pictures have in common.

    Parameters
    ----------
    key : tuple of str
        Determines pictures, network and layer.
    names : tuple of str
        Of the pictures.
    pair : tuple of PatchFeatures
        Their features.
    """
    first, second = names
    st.html('<h2 class="av-title">Why are the first two alike?</h2>')
    count = _pick_count()
    shown, found, pictures = _compared((*key, str(count)), count, pair)
    show_picture(
        "Patches that correspond",
        f"{first} and {second}",
        shown,
        f"{first} and {second} side by side, with lines between patches that are alike",
    )
    st.caption(_told(found))
    columns = st.columns(2, gap="medium")
    for column, name, (focus, heat, note) in zip(columns, names, pictures, strict=True):
        with column:
            show_picture(name, "sharp where the other has its like", focus, f"{name} in focus")
            st.image(heat, width="stretch", alt=f"Similarity of {name} to the other picture")
            st.caption(note)


def start_lines() -> None:
    """Set how many lines are drawn, before it is written into the link."""
    start_choice(LINES, _COUNTS, default="20")


def _pick_count() -> int:
    start_lines()
    chosen = st.segmented_control(
        "Lines",
        _COUNTS,
        key=LINES,
        persist_state="session",
        required=True,
        help="A line joins two patches of which each is most like the other. Of neighbouring ones "
        "only the strongest is drawn.",
    )
    return int(chosen or _COUNTS[-1])


def _told(found: Likeness) -> str:
    if not found.pairs:
        return "No patch of one has its like in the other."
    cosines = [pair.cosine for pair in found.pairs]
    count = f"{len(cosines)} pairs" if len(cosines) > 1 else "One pair"
    between = (
        f" {cosines[-1]:.2f} to {cosines[0]:.2f}" if len(cosines) > 1 else f" {cosines[0]:.2f}"
    )
    return (
        f"{count} of patches of which each is most like the other, at cosines of{between} when "
        "what all patches of both have in common is left out. Taken as a whole, by their mean "
        f"features, the pictures are alike at {found.whole:.2f}."
    )


@shared(CacheShelf.PICTURES)
def _compared(
    key: Key, count: int, _pair: tuple[PatchFeatures, PatchFeatures]
) -> tuple[Pixels, Likeness, list[tuple[Pixels, Pixels, str]]]:
    """The picture with lines, what it shows, and of each picture focus, heat and its scale."""
    del key
    found = likeness(*_pair, count=count)
    small = [one.picture.reduced(_SIDE).pixels for one in _pair]
    lines = [(pair.first, pair.second) for pair in found.pairs]
    shown = joined(small[0], small[1], lines)
    maps = found.first, found.second
    return shown, found, [_drawn(*drawn) for drawn in zip(small, _pair, maps, strict=True)]


def _drawn(pixels: Pixels, seen: PatchFeatures, values: FloatArray) -> tuple[Pixels, Pixels, str]:
    focus = focus_map(values, seen.geometry.resized(pixels.shape[:2]), _SETTINGS)
    sharp = bokeh(pixels, focus.values, _BLUR * math.hypot(*pixels.shape[:2]))
    low, high = legend_numbers(focus.low, focus.high)
    note = f"Cosine of each patch with its like in the other picture: {low} (dark) to {high}."
    return sharp, heat_overlay(pixels, focus.scaled), note
