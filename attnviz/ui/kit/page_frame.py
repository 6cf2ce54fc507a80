"""The frame that every page has: its heading, the row of pictures and models, one error message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.pickers import PICKER_KEYS, Photo, pick_method, pick_model, pick_picture

LINK_KEYS = (*PICKER_KEYS, "look", "target")
"""The choices of a page with picture, model and method that its link carries."""


@dataclass(frozen=True, eq=False)
class Selection:
    """What a page is about.

    Attributes
    ----------
    photo
        The chosen picture.
    model
        The chosen model, loaded.
    look
        Name of a question or a method; empty on pages that do not ask for one.
    columns
        Columns of the picture/model row that are still empty.
    """

    photo: Photo
    model: VisionModel
    look: str = ""
    columns: Sequence[DeltaGenerator] = field(default=())


@contextmanager
def page_frame(title: str, lead: str) -> Iterator[None]:
    """Show a page's heading; an `AttnvizError` in the block becomes one message and ends the page.

    Parameters
    ----------
    title
        The page's name.
    lead
        One or two sentences below it, as HTML.
    """
    st.html(f'<div class="av-head"><h1>{title}</h1><p>{lead}</p></div>')
    with guarded():
        yield


def pick_photo_and_model() -> tuple[Photo | None, VisionModel | None]:
    """Show the row of pictures, and the models below it.

    Returns
    -------
    Photo or None
        The chosen picture; None where no picture can be opened.
    VisionModel or None
        The chosen model; None where it cannot be loaded (a message says why).
    """
    return pick_picture(), pick_model()


def require_photo_and_model(hint: str) -> Selection:
    """Let the user choose a picture and a model; without both, show `hint` and end the page."""
    return _selection(*pick_photo_and_model(), hint)


def require_photo_model_and_method(hint: str, widths: Sequence[int] = (1, 1)) -> Selection:
    """Let the user choose a picture, a model and what is shown of it.

    Parameters
    ----------
    hint
        Shown instead of the page while picture or model is missing.
    widths
        Relative widths of the row's columns: the model, the method, and those left to the page.
    """
    photo = pick_picture()
    first, second, *columns = st.columns(list(widths))
    with first:
        model = pick_model()
    with second:
        look = pick_method(model) if model else ""
    return _selection(photo, model, hint, look, columns)


def _selection(
    photo: Photo | None,
    model: VisionModel | None,
    hint: str,
    look: str = "",
    columns: Sequence[DeltaGenerator] = (),
) -> Selection:
    if photo is None or model is None:
        st.info(hint)
        st.stop()
    return Selection(photo, model, look, columns)


def show_notes(notes: Sequence[str]) -> None:
    """Show each note as a warning."""
    for note in notes:
        st.warning(plain_text(note))


def show_credit(photo: Photo) -> None:
    """Show who made the photo, if that is known."""
    if photo.credit:
        st.caption(plain_text(photo.credit))
