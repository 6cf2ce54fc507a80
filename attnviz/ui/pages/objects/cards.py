"""Cards below the viewer: each object alone, and the outlines of all objects."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import focus_map, is_flat
from attnviz.render.outlines import outlined
from attnviz.render.palette import Colour, css_colour, ink_on, object_colour
from attnviz.types import BoolArray, FloatArray
from attnviz.ui.kit.inline_images import data_link
from attnviz.ui.kit.text import with_article
from attnviz.ui.pages.objects.cache import Key
from attnviz.ui.pages.objects.picking import chance
from attnviz.ui.pages.objects.results import ObjectCompetition

SIDE = 480
_BLUR = 0.028
UNSEEN = 0.01


def show_cards(found: ObjectCompetition) -> None:
    """Show a wrapping row of small pictures, rendered by the server."""
    names = [found.seen.label(one) for one in found.choices.objects]
    figures = [
        card(
            focus_link(
                (*found.seen.key, str(index)), found.seen.photo.shown, values, found.geometry
            ),
            chip(name, object_colour(place)),
            object_note(found, place),
            f"{name} in focus",
        )
        for place, (index, name, values) in enumerate(
            zip(found.choices.objects, names, found.maps, strict=True)
        )
    ]
    chips = "".join(chip(name, object_colour(place)) for place, name in enumerate(names))
    link = outline_link(
        (*found.seen.key, str(found.choices.objects)),
        found.seen.photo.shown,
        found.maps,
        found.geometry,
    )
    note = "Outlined where an object's map is above half of its peak."
    figures.insert(0, card(link, chips, note, "Outlines of all objects"))
    show_figures(figures)


def show_figures(figures: Sequence[str]) -> None:
    """Show cards in a wrapping row."""
    st.html(f'<div class="av-cards">{"".join(figures)}</div>')


def object_note(found: ObjectCompetition, place: int) -> str:
    """Describe the probability of an object's class, and its map."""
    index = found.choices.objects[place]
    name, value = found.seen.label(index), float(found.seen.chances[index])
    if is_flat(np.maximum(found.maps[place], 0)):
        return f"Probability {chance(value)}. No region of this picture supports {name}."
    if value < UNSEEN:
        return (
            f"The network does not recognise {with_article(name)} here ({chance(value)}): this map "
            "shows the regions most like one."
        )
    share = ""
    if len(found.maps) > 1:
        share = f" Its share of the focus: {100 * found.shares[place]:.0f} %."
    return f"Probability {chance(value)}.{share}"


def card(link: str, head: str, note: str, alt: str) -> str:
    """Return the HTML of a small picture with chips and a note; `head` is HTML, the rest text."""
    return (
        f'<figure><img src="{link}" alt="{html.escape(alt)}"><figcaption><div>{head}</div>'
        f"{html.escape(note)}</figcaption></figure>"
    )


def chip(name: str, colour: Colour) -> str:
    """Return the HTML of a name on its colour."""
    style = f"background:{css_colour(colour)};color:{css_colour(ink_on(colour))}"
    return f'<span class="av-chip" style="{style}">{html.escape(name)}</span>'


@st.cache_data(max_entries=256, ttl="1h", show_spinner=False)
def focus_link(key: Key, _picture: Picture, _values: FloatArray, _geometry: PictureGeometry) -> str:
    """The bokeh picture of one object, as a data: link."""
    del key
    pixels = _picture.reduced(SIDE).pixels
    focus = focus_map(_values, _geometry.resized(pixels.shape[:2]))
    return data_link(bokeh(pixels, focus.values, _BLUR * math.hypot(*pixels.shape[:2])))


@st.cache_data(max_entries=64, ttl="1h", show_spinner=False)
def outline_link(
    key: Key, _picture: Picture, _maps: tuple[FloatArray, ...], _geometry: PictureGeometry
) -> str:
    """The photo with outlines of all objects, as a data: link."""
    del key
    pixels = _picture.reduced(SIDE).pixels
    geometry = _geometry.resized(pixels.shape[:2])
    regions = [half_peak(values, geometry) for values in _maps]
    colours = [object_colour(place) for place in range(len(_maps))]
    return data_link(outlined(pixels, regions, colours))


def half_peak(values: FloatArray, geometry: PictureGeometry) -> BoolArray:
    """Find where a map exceeds half of its peak.

    Parameters
    ----------
    values : float32 [h, w]
        The map, over the network's input.
    geometry : PictureGeometry
        Relates the input to the picture of H x W px.

    Returns
    -------
    bool [H, W]
        All False for a flat map.
    """
    positive = np.maximum(values, 0)
    if is_flat(positive):
        return np.zeros(geometry.picture_size, bool)
    return np.asarray(geometry.spread(positive, outside=0.0) > float(positive.max()) / 2)
