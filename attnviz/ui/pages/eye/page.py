"""The page "Eye": the picture as a retina samples it, with the model's attention as a gaze."""

from __future__ import annotations

import streamlit as st

from attnviz.export.foveated_picture import FoveatedPicture
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.names import file_stem
from attnviz.ui.components.eye.component import eye
from attnviz.ui.components.eye.save_request import SaveRequest
from attnviz.ui.kit.guard import guarded
from attnviz.ui.kit.page_frame import page_frame, pick_photo_and_model, show_credit, show_notes
from attnviz.ui.kit.pickers import PICKER_KEYS, Photo
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.kit.savable import ExplainedLater
from attnviz.ui.kit.save_menu import Savable, save_menu
from attnviz.ui.kit.url_state import share
from attnviz.ui.pages.eye.cache import gaze_paths, packed_blob
from attnviz.ui.pages.eye.captions import show_captions
from attnviz.ui.pages.eye.packing import photo_id
from attnviz.ui.pages.eye.scanpaths import GazePath
from attnviz.ui.pages.eye.server_view import show_server_view


def show() -> None:
    """Draw the page."""
    lead = (
        "The fovea, in the centre of the macula, sees only a small spot sharply. See your picture "
        "as a retina samples it."
    )
    with page_frame("Eye", lead):
        photo, model = pick_photo_and_model()
        if photo is None:
            st.info("Choose a picture to see it as an eye does.")
            return
        share(*PICKER_KEYS)
        show_eye(photo, model)
        show_captions()


@st.fragment
def show_eye(photo: Photo, model: VisionModel | None) -> None:
    """Show the eye and its picture, in a fragment of its own.

    Parameters
    ----------
    photo : Photo
        The chosen picture.
    model : VisionModel, optional
        Adds the model's scanpaths.
    """
    with guarded():
        with st.spinner("Computing scanpaths …", show_time=True):
            paths, notes = gaze_paths(photo.shown, model)
        show_notes(notes)
        request = _show_eye_component(photo, paths, model)
        _offer_files(photo, model, request)
        show_credit(photo)


def _show_eye_component(
    photo: Photo, paths: tuple[GazePath, ...], model: VisionModel | None
) -> SaveRequest | None:
    """Show the eye; returns the picture that the browser requested, or that the server made."""
    if st.session_state.get("no webgl"):
        return show_server_view(photo.shown, paths)
    weights = model.key if model else ()
    key = (photo_id(photo.shown), *weights, *(path.title for path in paths))
    events = eye(packed_blob(key, photo.shown, paths), key="eye")
    if not events.webgl:
        st.session_state["no webgl"] = True
        run_again()
    if events.save_request is not None:
        st.session_state["eye save_request"] = events.save_request
    request: SaveRequest | None = st.session_state.get("eye save_request")
    return request if request is not None and request.photo == photo_id(photo.shown) else None


def _offer_files(photo: Photo, model: VisionModel | None, request: SaveRequest | None) -> None:
    """Offer the picture that was asked for, and the model's attention to the photo."""
    shown = [] if request is None else [_this_view(photo, request)]
    if model is not None:
        shown.append(ExplainedLater(photo, model).savable("The model's attention"))
    with st.container(horizontal=True, vertical_alignment="center"):
        if shown:
            save_menu(shown, key="eye-files")
        if request is not None:
            count = len(request.fixations)
            fixations = "one fixation" if count == 1 else f"{count} fixations"
            st.caption(
                f"*Save* has the view that you made: {fixations}, viewed from "
                f"{request.distance_cm:g} cm, {request.retina.coarser:g} × coarser than a human "
                "eye."
            )


def _this_view(photo: Photo, request: SaveRequest) -> Savable:
    """The picture at the photo's original size, as it was displayed."""

    def make() -> FoveatedPicture:
        whole = photo.whole()
        return FoveatedPicture(whole, request.scaled(whole.width / photo.shown.width))

    return Savable(FoveatedPicture, make, file_stem(photo.title), "This view")
