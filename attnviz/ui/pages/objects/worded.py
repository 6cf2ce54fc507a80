"""Objects that are asked for in words, of a network that reads them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.errors import AttnvizError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.names import file_stem
from attnviz.render.palette import object_colour
from attnviz.targets import Target, TextContext
from attnviz.targets.text import format_targets, parse_targets
from attnviz.targets.words import Words
from attnviz.types import FloatArray
from attnviz.ui.components.viewer import Content, Layer
from attnviz.ui.kit.explanation_cache import cached_explanation
from attnviz.ui.kit.map_view import show_maps
from attnviz.ui.kit.page_frame import show_credit, show_notes
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.savable import shown_in_viewer
from attnviz.ui.kit.save_menu import save_menu
from attnviz.ui.kit.target_picker import TARGET
from attnviz.ui.kit.url_state import linked
from attnviz.ui.kit.words_field import pick_words
from attnviz.ui.pages.objects.cards import card, chip, focus_link, show_figures
from attnviz.ui.pages.objects.state import TOGETHER, VIEWER, focus_moves, share_focus


def look_for(model: VisionModel) -> tuple[Target, ...]:
    """Let the user say what to look for; nothing for a network that reads no words.

    Parameters
    ----------
    model : VisionModel
        The network.

    Returns
    -------
    tuple of Target
        The words, which compete.
    """
    if not Words.fits(model):
        return ()
    try:
        asked = parse_targets(linked(TARGET) or "", TextContext())
    except AttnvizError:
        asked = ()
    words = pick_words(model, asked)
    st.session_state[TARGET] = format_targets(words)
    return words


def show_worded(photo: Photo, model: VisionModel, words: tuple[Target, ...]) -> None:
    """Show where each thing is that was asked for, and all of them together.

    Parameters
    ----------
    photo : Photo
        The picture.
    model : VisionModel
        A network that reads words.
    words : tuple of Target
        What is asked for.
    """
    text = format_targets(words)
    picture_key = (photo.shown.sha256, photo.shown.name)
    with st.spinner("Computing …", show_time=True):
        found = cached_explanation(
            picture_key, model.key, "decision", text, model, photo.shown, words
        )
    maps = _maps(found)
    layers = [Layer(name, values) for name, values in maps.items()]
    if len(maps) > 1:
        together = found.map_of(found.best_layer)
        layers.append(Layer(TOGETHER, together, True, "1 is the peak of the strongest"))
    method = found.choice.method
    content = Content(
        photo.shown.pixels, found.geometry, layers, "Relevance",
        f"{method.title}, {found.best_layer}.", noun="Object",
        name=file_stem(photo.title), folds=True,
    )  # fmt: skip
    key = (photo.shown.sha256, *model.key, text)
    show_maps(VIEWER, key, content, f"{model.name} {text} {focus_moves()}")
    share_focus(TARGET)
    saved = shown_in_viewer(VIEWER, content, photo, model, method.name, targets=words)
    save_menu([saved.savable()], key="objects-files")
    show_notes(found.notes)
    figures = [
        card(
            focus_link((*key, name), photo.shown, values, found.geometry),
            chip(name, object_colour(place)),
            f"Its share of the focus: {100 * found.asked[place].share:.0f} %.",
            f"{name} in focus",
        )
        for place, (name, values) in enumerate(maps.items())
    ]
    show_figures(figures)
    show_credit(photo)


def _maps(found: Explanation) -> dict[str, FloatArray]:
    """The map of each thing at the layer that answers best."""
    at = found.index_of(found.best_layer)
    return {one.prediction.label: np.maximum(one.maps[at], 0) for one in found.asked}
