"""Small pictures of a set with their focus in bokeh, as JPEG."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import streamlit as st

from attnviz.batch.stored_pictures import StoredPictures
from attnviz.errors import PictureError
from attnviz.pictures import open_picture
from attnviz.pictures.jpeg import jpeg
from attnviz.render.bokeh import bokeh
from attnviz.ui.pages.dataset.results import OpenedSet

_SIDE = 192
_BLUR = 1 / 16  # radius as a share of the longer side
_DIM = 0.85  # brightness of what is out of focus


@st.cache_data(max_entries=4000, ttl="2h", show_spinner=False)
def small_pictures(key: tuple[str, ...], index: int, _opened: OpenedSet) -> tuple[bytes, bytes]:
    """Return the small picture of a row, and its focus in bokeh.

    Parameters
    ----------
    key : tuple of str
        Of the set.
    index : int
        Number of the row.
    _opened : OpenedSet
        The set.

    Returns
    -------
    photo, focus : bytes
        JPEGs; empty where there is none, or it cannot be read.
    """
    del key
    found = StoredPictures(_opened.results.folder).of(index)
    if found is None:
        return b"", b""
    try:
        pixels = open_picture(found.jpeg, name="small").reduced(_SIDE).pixels
    except PictureError:
        return b"", b""
    height, width = pixels.shape[:2]
    grey = found.focus.astype(np.float32) / 255
    focus = np.clip(cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
    blurred = bokeh(pixels, np.asarray(focus, np.float32), max(2, _BLUR * max(height, width)))
    shown = blurred * (_DIM + (1 - _DIM) * focus[..., None])
    return jpeg(pixels, quality=85), jpeg(np.rint(shown).astype(np.uint8), quality=85)


def focus_link(opened: OpenedSet, index: int) -> str:
    """Return the focus of a row as a data: link; empty where there is none."""
    _, focus = small_pictures(opened.key, index, opened)
    return f"data:image/jpeg;base64,{base64.b64encode(focus).decode()}" if focus else ""
