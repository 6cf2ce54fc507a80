"""Uploaded videos: a still for all pages, and their frames for the page that shows them."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import PictureError, VideoError
from attnviz.pictures import Picture
from attnviz.pictures.limits import MEGABYTE
from attnviz.pictures.presentation import AS_USUAL, Presentation, open_presented
from attnviz.video.film import Video
from attnviz.video.limits import VideoLimits
from attnviz.video.opening import VIDEO_SUFFIXES, is_container, open_video

UPLOAD_LIMITS = VideoLimits(max_bytes=64 * MEGABYTE)
"""Of a video that is uploaded: it lies in memory, as photos do."""
VIDEO_TYPES = tuple(suffix[1:] for suffix in VIDEO_SUFFIXES)


def open_upload(
    source: bytes, presentation: Presentation = AS_USUAL, *, name: str | None = None
) -> Picture:
    """Open an uploaded file as a picture: of a video the first frame.

    Parameters
    ----------
    source : bytes
        The file's content.
    presentation : Presentation
        What is shown of a file of channels and slices.
    name : str, optional
        The file's name.

    Raises
    ------
    PictureError
        If it is neither a picture nor a video, or too large.
    """
    if not is_container(source):
        return open_presented(source, presentation, name=name)
    try:
        video = open_uploaded_video(source, name)
        first = next(video.frames())
    except VideoError as error:
        raise PictureError(str(error)) from error
    note = "This is the first frame of a video."
    return Picture(first.pixels, video.name, video.sha256, (note,))


def open_uploaded_video(source: bytes, name: str | None) -> Video:
    """Open an uploaded video or animated picture; VideoError if it is none, or too large."""
    return open_video(source, name=name, limits=UPLOAD_LIMITS)


@st.cache_data(max_entries=256, ttl="2h", show_spinner=False)
def is_moving(checksum: str, _source: bytes) -> bool:
    """Return whether an uploaded file is a video or an animated picture."""
    del checksum
    if is_container(_source):
        return True
    try:
        open_uploaded_video(_source, None)
    except VideoError:
        return False
    return True
