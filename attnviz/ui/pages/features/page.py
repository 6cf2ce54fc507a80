"""The page "Features", from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from attnviz.analysis.features import PatchFeatures
from attnviz.metrics.feature_space import PrincipalBasis
from attnviz.models.vision_model import VisionModel
from attnviz.ui.components.feature_board import show_board
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.model_picker import pick_model
from attnviz.ui.kit.page_frame import page_frame, show_credit, show_notes
from attnviz.ui.kit.pickers import PICKER_KEYS, Photo, pick_from_row
from attnviz.ui.kit.several_picker import pick_more
from attnviz.ui.kit.url_state import share, start_choice
from attnviz.ui.pages.features.cache import features_of, layers_of, packed_board
from attnviz.ui.pages.features.pair import LINES, show_pair, start_lines
from attnviz.ui.pages.features.saving import offer_files

MORE, LAYER, TOGETHER = "feature pictures", "feature layer", "feature basis"
MOST_MORE = 3
_FEW = 150  # cells of a grid on which only large things can be told apart


def show() -> None:
    """Draw the page."""
    lead = (
        "What the model knows of each patch: equal colours, equal features. Click a patch, and see "
        "what it takes to be alike, here and in other pictures."
    )
    with page_frame("Features", lead):
        offered = pick_from_row()
        first, middle, last = st.columns([5, 4, 4])
        with first:
            model = pick_model()
        if not offered or model is None:
            st.info("Choose a picture and a model to see its features.")
            return
        shown, *others = offered
        with last:
            help_text = "A patch that you click is looked for in all of them."
            more = pick_more(offered, others, MORE, MOST_MORE, help_text)
        photos = {key: offered[key] for key in (shown, *more.names)}
        with middle, guarded():
            layer = _pick_layer(model, offered[shown])
        together = _pick_basis() if len(photos) > 1 else True
        if len(photos) > 1:
            start_lines()
        share(*PICKER_KEYS, LAYER, LINES, **{MORE: more.link, TOGETHER: "" if together else "each"})
        _show_features(photos, model, layer, together=together)


def _pick_layer(model: VisionModel, photo: Photo) -> str:
    with st.spinner("Looking for the layers …", show_time=True):
        layers = layers_of(model, photo.shown)
    last = layers[-1]
    start_choice(LAYER, layers, default=last)
    return str(
        st.selectbox(
            "Layer",
            layers,
            format_func=lambda name: f"{name} (the last)" if name == last else name,
            key=LAYER,
            persist_state="session",
            help="Early layers know colours and edges, late ones parts of things and what they "
            "are.",
        )
    )


def _pick_basis() -> bool:
    """Let the user choose whether all pictures share their colours."""
    titles = {"all": "One basis for all pictures", "each": "Each picture its own"}
    start_choice(TOGETHER, titles)
    chosen = st.segmented_control(
        "Colours",
        list(titles),
        format_func=titles.__getitem__,
        key=TOGETHER,
        persist_state="session",
        required=True,
        help="With one basis, equal colours mean equal features in all pictures. With its own, "
        "each picture shows along what its own patches differ most.",
    )
    return chosen != "each"


def _show_features(
    photos: Mapping[str, Photo], model: VisionModel, layer: str, *, together: bool
) -> None:
    with st.spinner("Computing …", show_time=True):
        found = tuple(
            features_of((photo.shown.sha256, *model.key), model, photo.shown, layer)
            for photo in photos.values()
        )
        names = tuple(photo.title for photo in photos.values())
        key = (*photos, *names, *model.key, layer)
        blob, bases = packed_board(key, together, names, found)
    show_board(blob, key="features")
    offer_files(list(photos.values()), model, found, bases)
    st.caption(_told(model, found[0], bases))
    if len(found) > 1:
        with guarded():
            show_pair(key, (names[0], names[1]), (found[0], found[1]))
    show_notes(list(dict.fromkeys(note for one in found for note in one.notes)))
    for photo in photos.values():
        show_credit(photo)


def _told(model: VisionModel, found: PatchFeatures, bases: Sequence[PrincipalBasis]) -> str:
    """What is seen, in words."""
    rows, columns, width = found.values.shape
    shares = [f"{100 * share:.0f} %" for share in bases[0].shares]
    where = "of all pictures" if len(bases) == 1 else "of the first picture"
    text = (
        f"{rows} × {columns} patches, each a vector of {width:,} numbers. Red, green and blue are "
        f"the three directions along which the patches {where} differ most; they hold "
        f"{shares[0]}, {shares[1]} and {shares[2]} of the variance, each stretched to its own "
        "range. Similarity is the cosine of the angle between two vectors."
    )
    if rows * columns < _FEW:
        text += (
            " The grid of this layer is coarse. An earlier layer or a larger input is finer; "
            "DINOv2 and its like are made for this."
        )
    if not model.has_classes:
        text += f" {plain_text(model.spec.title)} names no classes: features are what it gives."
    return text
