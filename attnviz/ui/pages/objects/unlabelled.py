"""Objects of a network that names no classes: groups of patches that look alike to it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from attnviz.analysis.objects import FoundObjects
from attnviz.methods.normalised_cut import NormalisedCut, object_name
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.names import file_stem
from attnviz.render.palette import object_colour
from attnviz.render.pointed import pointed_map
from attnviz.types import FloatArray
from attnviz.ui.components.viewer import Content, Layer, pointed_layer
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.map_view import show_maps
from attnviz.ui.kit.page_frame import show_credit, show_notes
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.savable import shown_in_viewer
from attnviz.ui.kit.save_menu import save_menu
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.pages.objects.cache import Key, objects_of
from attnviz.ui.pages.objects.cards import card, chip, focus_link, outline_link, show_figures
from attnviz.ui.pages.objects.pointing import follow, tapped_point
from attnviz.ui.pages.objects.state import (
    TOGETHER,
    VIEWER,
    focus_moves,
    keep_outlines,
    share_focus,
)
from attnviz.ui.pages.objects.worded import look_for, show_worded

COUNT = "objects at most"
_COUNTS = ("1", "2", "3", "4", "5")
_FEW = 150  # cells of a grid on which only large things can be told apart


def show_unlabelled(photo: Photo, model: VisionModel) -> None:
    """Show the objects that the network's features tell apart, or that are asked for in words.

    Parameters
    ----------
    photo : Photo
        The picture.
    model : VisionModel
        A network without classes.
    """
    main, side = st.columns([10, 4], gap="medium")
    with side:
        words = look_for(model)
    if words:
        with main:
            show_worded(photo, model, words)
        return
    with side:
        count = _pick_count()
        key = (photo.shown.sha256, *model.key)
        with st.spinner("Looking for objects …", show_time=True):
            found = objects_of(key, count, model, photo.shown)
        _tell(found, model, count)
    with main:
        _show_stage(key, photo, model, found)
        show_notes(found.notes)
    _show_cards(key, photo, found)
    show_credit(photo)


def _pick_count() -> int:
    start_choice(COUNT, _COUNTS, default="3")
    chosen = st.segmented_control(
        "Objects at most",
        _COUNTS,
        key=COUNT,
        persist_state="session",
        required=True,
        help="The first is the one that stands out most. For the next one, what is left of the "
        "picture is cut again.",
    )
    return int(chosen or _COUNTS[-1])


def _tell(found: FoundObjects, model: VisionModel, count: int) -> None:
    """Say what was found, and how."""
    st.caption(
        f"{plain_text(model.spec.title)} names no classes. An object is a group of patches whose "
        "features are alike, cut off from the rest (normalised cut, after TokenCut)."
    )
    if not found.objects:
        st.info("All of this picture looks alike to the model: there is no object to cut out.")
        return
    if len(found.objects) < count:
        st.caption("There are no more: what is left looks alike, or is too small.")
    if found.objects[0].mask.size < _FEW:
        st.caption(
            "The grid of this model is coarse. A larger input is finer; DINOv2 and its like are "
            "made for this."
        )
    st.caption("Tap a thing in the picture, and it is sharp.")


def _show_stage(key: Key, photo: Photo, model: VisionModel, found: FoundObjects) -> None:
    """Show the viewer; what is tapped in it becomes sharp."""
    point = tapped_point(key)
    layers = _layers(found, point)
    if not layers:
        st.image(photo.shown.pixels)
        return
    content = Content(
        photo.shown.pixels, found.geometry, layers, "Objects",
        "1 is inside an object, by the features of the patches.", noun="Object",
        name=file_stem(photo.title), folds=True,
    )  # fmt: skip
    keep_outlines()
    shown = (*key, str(len(found.objects)), str(point))
    picked = show_maps(VIEWER, shown, content, f"{model.name} objects {focus_moves()}")
    share_focus(COUNT)
    saved = shown_in_viewer(VIEWER, content, photo, model, NormalisedCut.name)
    save_menu([saved.savable()], key="objects-files")
    if picked is not None:
        follow(key, found.geometry, picked)


def _layers(found: FoundObjects, point: tuple[float, float] | None) -> list[Layer]:
    """Each object, all of them together, and what is around the tapped point."""
    masks = _masks(found)
    layers = [Layer(object_name(place), mask) for place, mask in enumerate(masks)]
    if len(masks) > 1:
        together = np.max(masks, axis=0)
        layers.append(Layer(TOGETHER, together, True, "1 is inside an object"))
    pointed = None if point is None else pointed_map(found.geometry, *point)
    if pointed is not None:
        layers.append(pointed_layer(pointed))
    return layers


def _masks(found: FoundObjects) -> list[FloatArray]:
    return [one.mask.astype(np.float32) for one in found.objects]


def _show_cards(key: Key, photo: Photo, found: FoundObjects) -> None:
    """Show each object alone, and the outlines of all."""
    masks = _masks(found)
    if not masks:
        return
    names = [object_name(place) for place in range(len(masks))]
    chips = [chip(name, object_colour(place)) for place, name in enumerate(names)]
    key = (*key, "unlabelled", str(len(masks)))
    link = outline_link(key, photo.shown, tuple(masks), found.geometry)
    figures = [card(link, "".join(chips), "", "Outlines of all objects")]
    for name, mask, head in zip(names, masks, chips, strict=True):
        link = focus_link((*key, name), photo.shown, mask, found.geometry)
        note = f"{100 * float(mask.mean()):.0f} % of what the model sees."
        figures.append(card(link, head, note, f"{name} in focus"))
    show_figures(figures)
