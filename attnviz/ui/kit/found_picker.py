"""Choosing among the things that a detector found, or the regions of a segmenter."""

from __future__ import annotations

import cv2
import numpy as np
import streamlit as st

from attnviz.analysis.detect import Detection, detect
from attnviz.methods.base import Method
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.jpeg import jpeg
from attnviz.targets import Target
from attnviz.targets.box import Box
from attnviz.targets.region import Region
from attnviz.targets.text import format_target
from attnviz.types import BoolArray, Pixels
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.kit.target_picker import TARGET, pick_target
from attnviz.ui.kit.url_state import linked, went_back

_CHOSEN, _FOUND_IN = "found thing", "found in"
_TAPPED, _LAST_TAP = "found tapped", "found last tap"
_WIDTH = 360  # px, or the column where that is narrower
_OTHER = "another"
_SIDE = 480  # pixels of the longer side of the drawing
_MOST = 12
_LINE, _FAINT = (255, 190, 60), (120, 200, 255)


def pick_found(
    picture: Picture, model: VisionModel, look: str, method: type[Method]
) -> tuple[Target, ...]:
    """Show what was found, and let the user choose what to explain of it, or another place.

    Parameters
    ----------
    picture : Picture
        The picture.
    model : VisionModel
        A detector or segmenter.
    look : str
        Name of a question or a method.
    method : type of Method
        The method, or the one that answers the question.

    Returns
    -------
    tuple of Target
        Empty where another place is not chosen yet. `st.session_state["target"]` holds the same as
        text, for the link.
    """
    found = _found((picture.sha256, picture.name), model.key, model, picture)
    if not found:
        st.info(
            f"{plain_text(model.spec.title)} finds nothing in this photo. Ask about a place, or "
            "choose another photo."
        )
    options = [*map(str, range(len(found))), _OTHER]
    _start(picture, model, found, options)
    titles = {str(index): f"{one.label} {one.score:.2f}" for index, one in enumerate(found)} | {
        _OTHER: "another place"
    }
    place = st.container()
    chosen = st.radio(
        "Why this one?",
        options,
        format_func=lambda name: plain_text(titles[name]),
        key=_CHOSEN,
        persist_state="session",
        horizontal=True,
        help="What the model finds, with its probability. A tap on the picture chooses, too. "
        "Another place: why does it not find anything there?",
    )
    if chosen == _OTHER:
        asked = pick_target(model, [], look, method)
        places = (one for one in asked if isinstance(one, (Box, Region)))
        shown = (*found, *(Detection(one, "the place that is asked about", 1.0) for one in places))
        strong = len(found)
    else:
        strong, shown = int(chosen), found
        asked = (found[strong].target,)
        st.session_state[TARGET] = format_target(found[strong].target)
    if shown:
        alt = "Outlines: " + ", ".join(one.label for one in shown)
        place.image(jpeg(drawn(picture, shown, strong)), alt=alt, width=_WIDTH)
    return asked


def choose_at(picture: Picture, model: VisionModel, x: float, y: float) -> bool:
    """Choose the smallest thing at a tapped point; whether there is one, and the tap is new.

    Parameters
    ----------
    picture, model
        As for `pick_found`, which shows it in the next run.
    x, y
        The point, in 0..1 of the picture.

    Returns
    -------
    bool
    """
    tap = f"{picture.sha256} {x:.4f},{y:.4f}"
    if st.session_state.get(_LAST_TAP) == tap:
        return False
    st.session_state[_LAST_TAP] = tap
    found = _found((picture.sha256, picture.name), model.key, model, picture)
    index = thing_at(found, x, y)
    if index is not None:
        st.session_state[_TAPPED] = str(index)
    return index is not None


def thing_at(found: tuple[Detection, ...], x: float, y: float) -> int | None:
    """Return which thing lies at a point of the picture, the smallest of several; None if none."""
    areas = {}
    for index, one in enumerate(found):
        mask = _mask(one.target, (100, 100))
        if mask[min(int(y * 100), 99), min(int(x * 100), 99)]:
            areas[index] = float(mask.mean())
    return min(areas, key=areas.__getitem__, default=None)


def drawn(picture: Picture, found: tuple[Detection, ...], chosen: int) -> Pixels:
    """Draw outlines of what was found on a small copy of the picture, the chosen one stronger."""
    pixels = picture.reduced(_SIDE).pixels.copy()
    for index, one in sorted(enumerate(found), key=lambda pair: pair[0] == chosen):
        strong = index == chosen
        mask = _mask(one.target, (pixels.shape[0], pixels.shape[1])).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        colour, width = (_LINE, 3) if strong else (_FAINT, 1)
        cv2.drawContours(pixels, contours, -1, colour, width, cv2.LINE_AA)
    return pixels


def _mask(target: Box | Region, size: tuple[int, int]) -> BoolArray:
    """bool [h, w] of a place; of a box at least one position."""
    if isinstance(target, Box):
        mask = np.zeros(size, bool)
        top, left = int(target.y0 * size[0]), int(target.x0 * size[1])
        bottom, right = round(target.y1 * size[0]), round(target.x1 * size[1])
        mask[top : max(bottom, top + 1), left : max(right, left + 1)] = True
        return mask
    inside = target.mask.astype(np.uint8)
    return np.asarray(cv2.resize(inside, size[::-1], interpolation=cv2.INTER_NEAREST) > 0)


def _start(
    picture: Picture, model: VisionModel, found: tuple[Detection, ...], options: list[str]
) -> None:
    """Begin with what the link or a tap chose, and with the first thing of another photo.

    Another model begins with its own first thing too, unless another place was asked about.
    """
    now = (picture.sha256, model.key)
    photo, finder = st.session_state.get(_FOUND_IN, now)
    st.session_state[_FOUND_IN] = now
    elsewhere = st.session_state.get(_CHOSEN) == _OTHER
    moved = photo != picture.sha256 or (finder != model.key and not elsewhere)
    tapped = st.session_state.pop(_TAPPED, None)
    if moved and not went_back():
        st.session_state[TARGET], st.session_state[_CHOSEN] = "", options[0]
    elif tapped in options:
        st.session_state[_CHOSEN] = tapped
    elif went_back() or st.session_state.get(_CHOSEN) not in options:
        text = st.session_state.get(TARGET) or linked(TARGET) or ""
        texts = [format_target(one.target) for one in found]
        other = _OTHER if text else options[0]
        st.session_state[_CHOSEN] = str(texts.index(text)) if text in texts else other


@shared(CacheShelf.EXPLANATIONS)
def _found(
    picture_key: tuple[str, str], model_key: tuple[str, ...], _model: VisionModel, _picture: Picture
) -> tuple[Detection, ...]:
    del picture_key, model_key
    return detect(_model, _picture, most=_MOST)
