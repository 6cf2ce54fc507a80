"""Adding photos and removing them; they stay while the visitor does, on all pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import DeletedFile

from attnviz.decoding.stills import UPLOAD_LIMITS
from attnviz.errors import PictureError
from attnviz.hosting import Hosting
from attnviz.pictures.limits import MEGABYTE, PictureLimits
from attnviz.pictures.names import PICTURE_SUFFIXES
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.photo_store import PHOTOS, KeptPhoto
from attnviz.ui.kit.picture_cache import shown_upload
from attnviz.ui.kit.videos import VIDEO_TYPES
from attnviz.ui.kit.visitor import visitor

FILE_TYPES = sorted([*(suffix[1:] for suffix in PICTURE_SUFFIXES), "nii.gz"])
_PICTURE = "picture"
_TURN = "uploads turn"
_MESSAGES = "uploads messages"
_REMOVED = "uploads removed"


def kept_photos() -> list[KeptPhoto]:
    """Return the visitor's photos in the order of the row."""
    return PHOTOS.photos(visitor())


def offer_upload() -> None:
    """Show the box for new photos."""
    turn = st.session_state.get(_TURN, 0)
    # A new key empties the box: what it held is kept elsewhere.
    key = f"uploads {turn}" if turn else "uploads"
    st.file_uploader(
        "New photos or videos",
        type=sorted({*FILE_TYPES, *VIDEO_TYPES}),
        accept_multiple_files=True,
        key=key,
        on_change=_receive,
        args=(key,),
        max_upload_size=Hosting.from_environment().largest_upload(
            max(largest_photo(), UPLOAD_LIMITS.max_bytes // MEGABYTE)
        ),
    )


def largest_photo() -> int:
    """Return how many MB the file of a photo may have."""
    return math.ceil(PictureLimits.from_environment().max_bytes / MEGABYTE)


def show_messages() -> None:
    """Show what became of the last photos."""
    for message in st.session_state.get(_MESSAGES, ()):
        st.error(plain_text(message), icon=":material/error:")


def offer_removal(chosen: str) -> None:
    """Show a button that removes the chosen photo, if it is the visitor's, and one to undo it."""
    removed: tuple[KeptPhoto, int] | None = st.session_state.get(_REMOVED)
    if any(photo.checksum == chosen for photo in kept_photos()):
        st.button(
            "Remove this photo",
            key="remove photo",
            on_click=_remove,
            args=(chosen,),
            type="tertiary",
            icon=":material/delete:",
        )
    if removed is not None:
        st.button(
            f"Undo: bring back {plain_text(removed[0].name)}",
            key="undo removal",
            on_click=_undo,
            type="tertiary",
            icon=":material/undo:",
        )


def forget_messages() -> None:
    """Show no longer what became of the last photos."""
    st.session_state[_MESSAGES] = []


def _receive(key: str) -> None:
    """Keep new photos of the box."""
    files: Sequence[Any] = st.session_state.get(key) or ()
    files = [file for file in files if not isinstance(file, DeletedFile)]
    if files:  # a run that was cut short is repeated: these files are kept already
        keep_new(files)
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def keep_new(files: Sequence[Any], name: str = "") -> None:
    """Keep new photos, and choose the one that the link asks for, or else the first.

    Parameters
    ----------
    files : sequence
        Received files.
    name : str
        What they are called, in the place of their own names.
    """
    messages, fresh, gone = [], [], []
    for file in files:
        photo = KeptPhoto.of(name or file.name, file.getvalue())
        try:
            shown_upload(photo.checksum, photo.name, photo.source)
        except PictureError as error:
            messages.append(str(error))
            continue
        gone += PHOTOS.add(visitor(), photo)
        fresh.append(photo.checksum)
    _drop_received(files)
    if gone:
        messages.append(_gone_text(gone))
    st.session_state[_MESSAGES] = messages
    st.session_state.pop(_REMOVED, None)
    kept = {photo.checksum for photo in kept_photos()}
    fresh = [checksum for checksum in fresh if checksum in kept]
    if fresh and st.session_state.get(_PICTURE) not in fresh:
        st.session_state[_PICTURE] = fresh[0]


def _gone_text(gone: Sequence[KeptPhoto]) -> str:
    limits = PHOTOS.limits
    names = ", ".join(photo.name for photo in gone)
    them = "it" if len(gone) == 1 else "them"
    return (
        f"Only the newest photos are kept ({limits.photos}, and {limits.bytes // MEGABYTE} MB): "
        f"{names} had to go. Add {them} again when you need {them}."
    )


def _drop_received(files: Sequence[Any]) -> None:
    """Drop Streamlit's own copy, which would stay in memory until the session ends."""
    context = get_script_run_ctx()
    remove = getattr(getattr(context, "uploaded_file_mgr", None), "remove_file", None)
    if context is not None and remove is not None:
        for file in files:
            remove(context.session_id, file.file_id)


def _remove(checksum: str) -> None:
    removed = PHOTOS.remove(visitor(), checksum)
    if removed is None:
        return
    st.session_state[_REMOVED] = removed
    forget_messages()
    if st.session_state.get(_PICTURE) == checksum:
        left = [photo.checksum for photo in kept_photos()]
        # Empty: the picker chooses. Without the key it would ask the link, which has this photo.
        st.session_state[_PICTURE] = left[min(removed[1], len(left) - 1)] if left else ""


def _undo() -> None:
    photo, place = st.session_state.pop(_REMOVED)
    PHOTOS.add(visitor(), photo, at=place)
    st.session_state[_PICTURE] = photo.checksum
