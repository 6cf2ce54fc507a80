"""Taking a picture of one page to another."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from attnviz.assets import pages_folder
from attnviz.pictures.samples import SAMPLE_PREFIX
from attnviz.ui.kit.photo_store import PHOTOS, KeptPhoto
from attnviz.ui.kit.visitor import visitor

FOCUS, EVIDENCE = "1_Focus.py", "5_Evidence.py"


def turn_to(page: str, picture: str, *, model: str, look: str, target: str = "") -> NoReturn:
    """Turn to another page, with a picture, a network and a question.

    Parameters
    ----------
    page : str
        Name of the page's file.
    picture : str
        Key of the picture, from `kept` or of a sample photo.
    model : str
        Name of the network; the one that was chosen there stays if it is empty.
    look : str
        Name of a question or a method; as `model`.
    target : str
        Text of what is asked.
    """
    chosen = {"picture": picture, "model": model, "look": look}
    st.session_state.update({key: value for key, value in chosen.items() if value})
    st.session_state["target"] = target
    st.switch_page(pages_folder() / page)


def kept(name: str, source: bytes) -> str:
    """Add a photo to the visitor's own; return its key.

    Parameters
    ----------
    name : str
        Name of its file.
    source : bytes
        Its content.
    """
    photo = KeptPhoto.of(name, source)
    PHOTOS.add(visitor(), photo)
    return photo.checksum


def sample_key(name: str) -> str:
    """Return the key of a sample photo."""
    return SAMPLE_PREFIX + name
