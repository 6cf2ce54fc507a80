"""Choosing channels, window and slice of a photo that has them; a link contains the choice."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from attnviz.decoding.choices import PERCENTILES, Choices
from attnviz.errors import BusyWorkersError, PictureError
from attnviz.pictures.channels import Stretch, Window
from attnviz.pictures.presentation import AS_USUAL, Presentation
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.photo_store import KeptPhoto
from attnviz.ui.kit.presented_photos import choices_of
from attnviz.ui.kit.url_state import linked, went_back

PRESENTATION_KEYS = ("channels", "window", "slice")
"""Where a link has what `Presentation.texts` gives."""
_CHOSEN = "presentations"
_AS_USUAL, _LEVEL = "", "level"
_FEW_STEPS = 50  # of level and width, within the width


def presentation_of(checksum: str) -> Presentation:
    """Return how this session shows a photo."""
    chosen: dict[str, Presentation] = st.session_state.setdefault(_CHOSEN, {})
    return chosen.get(checksum, AS_USUAL)


def pick_presentation(photo: KeptPhoto | None) -> None:
    """Let the user choose what is shown of a photo, if there is anything to choose.

    Parameters
    ----------
    photo : KeptPhoto or None
        The visitor's photo; None for a sample photo.
    """
    try:
        choices = None if photo is None else choices_of(photo.checksum, photo.name, photo.source)
    except BusyWorkersError as error:  # what was chosen before stays
        show_error(error)
        return
    found = AS_USUAL
    if photo is not None and choices is not None:
        fresh = went_back() or photo.checksum not in st.session_state.get(_CHOSEN, {})
        here = fresh and linked("picture") == photo.checksum
        first = _linked_presentation(choices) if here else presentation_of(photo.checksum)
        found = _draw(photo.checksum[:16], choices, first, anew=fresh)
        st.session_state.setdefault(_CHOSEN, {})[photo.checksum] = found
    for key, text in zip(PRESENTATION_KEYS, found.texts(), strict=True):
        st.session_state[key] = text


def _linked_presentation(choices: Choices) -> Presentation:
    """What the link asks for; as usual where the file has no such thing."""
    try:
        found = Presentation.parse(*(linked(key) or "" for key in PRESENTATION_KEYS))
    except PictureError:
        return AS_USUAL
    known = all(index < len(choices.names) for index in found.shown or ())
    return found if known and (found.place or 0) < choices.slices else AS_USUAL


def _draw(name: str, choices: Choices, first: Presentation, *, anew: bool) -> Presentation:
    """Show the controls; `name` tells those of one photo from another's."""

    def start(what: str, value: object) -> str:
        key = f"{what} {name}"
        if anew or key not in st.session_state:
            st.session_state[key] = value
        return key

    with st.container(horizontal=True, vertical_alignment="bottom", key="presentation"):
        place = choices.place if first.place is None else first.place
        place = _pick_slice(choices, start("slice", place + 1))
        shown = choices.shown
        if len(choices.names) > 1:
            titles = {index: plain_text(one) for index, one in enumerate(choices.names)}
            red, green, blue = (first.shown or shown) * (1 if len(first.shown or shown) == 3 else 3)
            shown = (
                _pick_channel("Red", titles, start("red", red)),
                _pick_channel("Green", titles, start("green", green)),
                _pick_channel("Blue", titles, start("blue", blue)),
            )
        kind = first.window if isinstance(first.window, Stretch) else _AS_USUAL
        kind = _LEVEL if isinstance(first.window, tuple) else kind
        window: Window | Stretch | None = None
        picked = _pick_kind(choices, start("window", str(kind)))
        if picked == _LEVEL:
            low, high = first.window if isinstance(first.window, tuple) else choices.window
            window = _pick_window(start("level", (low + high) / 2), start("width", high - low))
        elif picked != _AS_USUAL:
            window = Stretch(picked)
    if (shown, window, place) == (choices.shown, None, choices.place):
        return AS_USUAL
    listed = (shown[0],) if len(set(shown)) == 1 else shown
    return Presentation(
        listed if choices.photo or shown != choices.shown else None,
        window,
        place if choices.photo or place != choices.place else None,
    )


def _pick_slice(choices: Choices, key: str) -> int:
    if choices.slices == 1:
        return 0
    return int(
        st.slider(
            "Slice", 1, choices.slices, key=key, persist_state="session", width=320,
            help="The arrow keys step through the slices.",
        )
    ) - 1  # fmt: skip


def _pick_channel(title: str, titles: Mapping[int, str], key: str) -> int:
    return int(
        st.selectbox(
            title, list(titles), format_func=titles.__getitem__, key=key, persist_state="session",
            width=150, help="The same channel in red, green and blue is shown in grey.",
        )
    )  # fmt: skip


def _pick_kind(choices: Choices, key: str) -> str:
    titles = {_AS_USUAL: choices.usual.capitalize()}
    if choices.usual != PERCENTILES:
        titles[Stretch.USUAL] = PERCENTILES
    titles |= {Stretch.WHOLE: "Whole range", _LEVEL: "Level and width"}
    if st.session_state[key] not in titles:
        st.session_state[key] = _AS_USUAL
    return str(
        st.selectbox(
            "Window", list(titles), format_func=lambda kind: titles[kind], key=key,
            persist_state="session", width=220,
            help="Which of the file's values are black and white. Models of as many channels as "
            "the file has get its own values, whatever is shown.",
        )
    )  # fmt: skip


def _pick_window(level_key: str, width_key: str) -> Window:
    width = abs(st.session_state[width_key]) or 1.0
    step = 10.0 ** math.floor(math.log10(width / _FEW_STEPS) + 0.5)
    level = st.number_input(
        "Level", key=level_key, persist_state="session", step=step, format="%g", width=150,
        help="The value that is shown in middle grey.",
    )  # fmt: skip
    width = st.number_input(
        "Width", key=width_key, persist_state="session", step=step, min_value=1e-12, format="%g",
        width=150, help="From the value that is black to the one that is white.",
    )  # fmt: skip
    return float(level - width / 2), float(level + width / 2)
