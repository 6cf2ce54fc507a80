"""Photos of channels, windows and slices: what can be chosen, and what is shown then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from attnviz.errors import PictureError
from attnviz.pictures import Picture, PictureLimits, open_picture
from attnviz.pictures.channels import Window, channels_of, range_of
from attnviz.pictures.formats import recognise
from attnviz.pictures.names import base_name
from attnviz.pictures.open_channels import picture_of, read_stack
from attnviz.pictures.presentation import Presentation
from attnviz.pictures.stacks.base import Stack, reader_of
from attnviz.ui.kit.picture_cache import MOST_VALUES, SHOWN_SIDE


@dataclass(frozen=True)
class Choices:
    """What can be chosen of a file, and what is shown of it as usual.

    Attributes
    ----------
    names : tuple of str
        Name of each channel.
    slices : int
        How many there are.
    shown : (int, int, int)
        The channels that are red, green and blue as usual.
    place : int
        The usual slice, from 0.
    window : (float, float)
        What is black and white as usual, in the first of these channels.
    usual : str
        What this window is called.
    photo : bool
        Whether the file is opened as a photo, and `open_channels` would show it otherwise.
    """

    names: tuple[str, ...]
    slices: int
    shown: tuple[int, int, int]
    place: int
    window: Window
    usual: str
    photo: bool


PERCENTILES = "2nd to 98th percentile"


@st.cache_data(max_entries=256, ttl="2h", show_spinner=False)
def choices_of(checksum: str, name: str, _source: bytes) -> Choices | None:
    """Return what can be chosen of a file; None for a photo, which has nothing to choose.

    Parameters
    ----------
    checksum : str
        SHA-256 of the file.
    name : str
        Its name.
    _source : bytes
        Its content.

    Returns
    -------
    Choices or None
    """
    try:
        if reader_of(_source) is None:
            return None
        photo = recognise(_source) is not None and open_picture(_source).channels is None
        stack = _stack(checksum, name, _source)
    except PictureError:
        return None
    slices, kind = len(stack.values), stack.values.dtype
    if photo and slices == 1 and kind == np.uint8:
        return None
    place = 0 if photo else slices // 2
    channels = channels_of(stack.values[place], name, names=stack.names)
    plane = channels.values[..., channels.shown[0]]
    usual = PERCENTILES
    if photo:
        usual = "as a photo"
    elif stack.window is None and kind == np.uint8:
        usual = "as it is"
    elif stack.window is not None:
        usual = "the file's own"
    window = stack.window or range_of(plane[np.isfinite(plane)])
    return Choices(channels.names, slices, channels.shown, place, window, usual, photo)


@st.cache_resource(max_entries=64, ttl="2h", show_spinner=False)
def presented_upload(
    checksum: str, name: str, texts: tuple[str, str, str], _source: bytes
) -> Picture:
    """Open an uploaded file with the chosen channels, window and slice at display size.

    Parameters
    ----------
    checksum : str
        SHA-256 of the file.
    name : str
        Its name.
    texts : (str, str, str)
        From `Presentation.texts`.
    _source : bytes
        Its content.

    Returns
    -------
    Picture
        As from `shown_upload`.

    Raises
    ------
    PictureError
        If there is no such channel or slice.
    """
    wanted = Presentation.parse(*texts)
    return (
        picture_of(
            _stack(checksum, name, _source),
            base_name(name),
            checksum,
            shown=wanted.shown,
            window=wanted.window,
            place=wanted.place,
        )
        .reduced(SHOWN_SIDE)
        .lightened(MOST_VALUES)
    )


# One file alone, because it may take hundreds of megabytes; its slices are stepped through.
@st.cache_resource(max_entries=1, ttl="10m", show_spinner=False)
def _stack(checksum: str, name: str, _source: bytes) -> Stack:
    del checksum
    return read_stack(_source, name, PictureLimits.from_environment())
