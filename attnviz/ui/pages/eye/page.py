"""The page "Eye": the picture as a retina samples it, and the model's attention as a gaze."""

from __future__ import annotations

from functools import partial

import streamlit as st

from attnviz.models.vision_model import VisionModel
from attnviz.ui.components.eye.component import eye
from attnviz.ui.components.eye.save_request import Wanted
from attnviz.ui.kit.guard import guarded
from attnviz.ui.kit.page_frame import page_frame, pick_photo_and_model, show_credit, show_notes
from attnviz.ui.kit.pickers import PICKER_KEYS, Photo
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.kit.url_state import share
from attnviz.ui.pages.eye.cache import gaze_paths, packed_blob, picture_png
from attnviz.ui.pages.eye.captions import show_captions
from attnviz.ui.pages.eye.packing import photo_id
from attnviz.ui.pages.eye.scanpaths import GazePath
from attnviz.ui.pages.eye.server_view import show_server_view


def show() -> None:
    """The whole page, from top to bottom."""
    lead = (
        "Light falls on the macula, and what you look at on its sharpest spot. See your picture as "
        "a retina samples it."
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
    """The eye and its picture; a picture that is asked for reruns this part alone."""
    with guarded():
        with st.spinner("Looking …", show_time=True):
            found, notes = gaze_paths(photo.shown, model)
        show_notes(notes)
        wanted = _show_stage(photo, found, model)
        if wanted is not None:
            _show_save_button(photo, wanted)
        show_credit(photo)


def _show_stage(
    photo: Photo, found: tuple[GazePath, ...], model: VisionModel | None
) -> Wanted | None:
    """The eye; a picture that the browser has asked for, or that the server has made anyway."""
    if st.session_state.get("no webgl"):
        return show_server_view(photo.shown, found)
    weights = model.key if model else ()
    key = (photo_id(photo.shown), *weights, *(path.title for path in found))
    events = eye(packed_blob(key, photo.shown, found), key="eye")
    if not events.webgl:
        st.session_state["no webgl"] = True
        run_again()
    if events.wanted is not None:
        st.session_state["eye wanted"] = events.wanted
    wanted: Wanted | None = st.session_state.get("eye wanted")
    return wanted if wanted is not None and wanted.photo == photo_id(photo.shown) else None


def _show_save_button(photo: Photo, wanted: Wanted) -> None:
    """The picture at the photo's own size, with all that made it written into it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Save the eye's picture",
            data=partial(picture_png, photo.shown.sha256, wanted, photo),
            file_name="attnviz-eye.png",
            mime="image/png",
            on_click="ignore",
            icon=":material/download:",
            help="PNG, with distance, pixels per degree, fixations and threshold written into it.",
        )
        count = len(wanted.fixations)
        looks = "one fixation" if count == 1 else f"{count} fixations"
        st.caption(
            f"As you saw it: {looks}, {wanted.distance_cm:g} cm away, "
            f"{wanted.retina.coarser:g} × coarser than a human eye."
        )
