"""The frame of every page: heading, choice of picture and model, and error handling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.help import show_help
from attnviz.ui.kit.method_picker import pick_method
from attnviz.ui.kit.model_picker import pick_model
from attnviz.ui.kit.pickers import PICKER_KEYS, Photo, pick_picture
from attnviz.ui.kit.restart import show_loss

SHOWN = "page shown"  # title of the page that was drawn last
LINK_KEYS = (*PICKER_KEYS, "look", "target")
"""Choices that a page with picture, model and method writes into its link."""


@dataclass(frozen=True, eq=False)
class Selection:
    """The user's choices of picture, model and method.

    Attributes
    ----------
    photo : Photo
        The chosen picture.
    model : VisionModel
        The chosen model, loaded.
    look : str
        Name of a question or a method; empty on pages without that choice.
    columns : sequence of DeltaGenerator
        Columns of the model/method row that are still empty.
    """

    photo: Photo
    model: VisionModel
    look: str = ""
    columns: Sequence[DeltaGenerator] = field(default=())


@contextmanager
def page_frame(title: str, lead: str) -> Iterator[None]:
    """Show heading and help; an `AttnvizError` in the block becomes one message and ends the page.

    Parameters
    ----------
    title : str
        Name of the page, as HTML.
    lead : str
        One or two sentences below the name, as HTML.
    """
    st.session_state[SHOWN] = title
    show_help()
    st.html(f'<div class="av-head"><h1>{title}</h1><p>{lead}</p></div>')
    show_loss()
    with guarded():
        yield


def pick_photo_and_model() -> tuple[Photo | None, VisionModel | None]:
    """Let the user choose a picture and a model.

    Returns
    -------
    photo : Photo or None
        The chosen picture; None if no picture can be opened.
    model : VisionModel or None
        The chosen model; None if it cannot be loaded (a message says why).
    """
    return pick_picture(), pick_model()


def require_photo_and_model(hint: str) -> Selection:
    """Let the user choose a picture and a model; without both, show `hint` and end the page."""
    return _selection(*pick_photo_and_model(), hint)


def require_photo_model_and_method(hint: str, widths: Sequence[int] = (1, 1)) -> Selection:
    """Let the user choose a picture, a model, and a question or method.

    Parameters
    ----------
    hint : str
        Shown instead of the page while picture or model is missing.
    widths : sequence of int
        Relative widths of the columns: the model, the method, and those left to the page.

    Returns
    -------
    Selection
        The choices; without picture and model the page ends here.
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
