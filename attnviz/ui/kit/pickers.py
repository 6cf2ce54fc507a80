"""Choosing a picture."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from attnviz.errors import PictureError
from attnviz.pictures import Picture, PictureLimits, list_samples, open_picture, open_sample
from attnviz.pictures.limits import MEGABYTE
from attnviz.pictures.names import PICTURE_SUFFIXES
from attnviz.ui.components.thumbnails import Thumbnail, pick_thumbnail
from attnviz.ui.kit.cache import shown_sample, shown_upload, thumbnail
from attnviz.ui.kit.guard import show_error
from attnviz.ui.kit.input_size import SIZE
from attnviz.ui.kit.url_state import linked

FILE_TYPES = sorted(suffix[1:] for suffix in PICTURE_SUFFIXES)
DEFAULT_SAMPLE = "china"
SAMPLE_PREFIX = "sample:"
# Choices of these pickers that a link contains.
PICKER_KEYS = ("picture", "model", SIZE)


@dataclass(frozen=True)
class Photo:
    """A picture that the user can choose.

    Attributes
    ----------
    shown : Picture
        The picture at display size.
    whole : callable
        Opens the picture at its original size.
    title : str
        For an upload the file's name, which must be escaped.
    credit : str
        Author, licence and source, if known.
    """

    shown: Picture
    whole: Callable[[], Picture]
    title: str
    credit: str = ""


def pick_picture() -> Photo | None:
    """Let the user choose an upload or a sample photo; None if no picture can be opened."""
    return next(iter(pick_from_row().values()), None)


def pick_from_row() -> dict[str, Photo]:
    """Show a row of uploads, followed by the sample photos, to choose one.

    Returns
    -------
    dict of str to Photo
        All pictures by key, the chosen one first. Files that cannot be opened are left out, and a
        message names them.

    Notes
    -----
    `st.session_state["picture"]` holds the key of the chosen picture: an upload's SHA-256, or
    `sample:` and a name.
    """
    choose, upload = st.columns([3, 2])
    with upload:
        files = st.file_uploader(
            "Your photos", type=FILE_TYPES, accept_multiple_files=True, key="uploads",
            max_upload_size=math.ceil(PictureLimits.from_environment().max_bytes / MEGABYTE),
        )  # fmt: skip
    photos = _uploaded(files or [])
    uploads = list(photos)
    photos |= _samples()
    if "picture" not in st.session_state and linked("picture") in photos:
        st.session_state["picture"] = linked("picture")
    _follow_uploads(uploads, list(photos))
    if not photos:
        return {}
    row = [
        Thumbnail(key, photo.title, thumbnail(photo.shown.sha256, photo.shown))
        for key, photo in photos.items()
    ]
    with choose:
        picked = pick_thumbnail(row, st.session_state["picture"], key="pictures")
    if picked is not None:
        st.session_state["picture"] = picked
    chosen: str = st.session_state["picture"]
    return {chosen: photos[chosen]} | photos


def _samples() -> dict[str, Photo]:
    """The sample photos; shows a message for each damaged file."""
    photos: dict[str, Photo] = {}
    for sample in list_samples():
        credit = f"Photo: {sample.credit} {sample.licence}. {sample.source}"
        try:
            shown = shown_sample(sample.name)
        except PictureError as error:
            show_error(error)
        else:
            whole = partial(open_sample, sample.name)
            photos[SAMPLE_PREFIX + sample.name] = Photo(shown, whole, sample.title, credit)
    return photos


def _uploaded(files: Sequence[Any]) -> dict[str, Photo]:
    """Uploaded pictures by checksum; shows a message for each file that is not a picture."""
    photos: dict[str, Photo] = {}
    for file in files:
        source = file.getvalue()
        checksum = hashlib.sha256(source).hexdigest()
        try:
            shown = shown_upload(checksum, file.name, source)
        except PictureError as error:
            show_error(error)
        else:
            whole = partial(open_picture, source, name=file.name)
            photos[checksum] = Photo(shown, whole, shown.name)
    return photos


def _follow_uploads(uploads: Sequence[str], keys: Sequence[str]) -> None:
    """Choose a new upload when it arrives, and another picture if the chosen one is removed."""
    known: list[str] = st.session_state.get("known_uploads", [])
    fresh = [key for key in uploads if key not in known]
    st.session_state["known_uploads"] = list(uploads)
    first = SAMPLE_PREFIX + DEFAULT_SAMPLE
    if fresh:
        st.session_state["picture"] = fresh[0]
    elif st.session_state.get("picture") not in keys and keys:
        st.session_state["picture"] = first if first in keys and not uploads else keys[0]
