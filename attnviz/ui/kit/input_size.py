"""Choosing the size of the network's input."""

from __future__ import annotations

import streamlit as st

from attnviz.models.input_sizes import input_sizes
from attnviz.models.spec import ModelSpec
from attnviz.ui.kit.url_state import show_titles, start_choice

SIZE = "size"
_OWN = ""


def pick_side(spec: ModelSpec) -> int | None:
    """Let the user choose the input size; nothing is shown if the network supports only one.

    Parameters
    ----------
    spec : ModelSpec
        The network.

    Returns
    -------
    int or None
        Side of the input in px; None for the network's default.

    Notes
    -----
    The default is stored as an empty choice because it differs between networks, and is left out
    of the link.
    """
    own, *larger = input_sizes(spec)
    if not larger:
        st.session_state[SIZE] = _OWN
        return None
    titles = {_OWN: f"{own} px (default)"} | {str(side): f"{side} px" for side in larger}
    start_choice(SIZE, titles, default=_OWN)
    show_titles(SIZE, titles)
    chosen = str(
        st.selectbox(
            "Input size",
            list(titles),
            format_func=titles.__getitem__,
            key=SIZE,
            persist_state="session",
            width=152,
            help="Size of the model's input. Larger gives finer maps, but takes more "
            "memory and time, and the model was trained at its own size.",
        )
    )
    return int(chosen) if chosen else None
