"""Taking a photo with the camera of the phone or computer."""

from __future__ import annotations

import streamlit as st

from attnviz.ui.kit.uploads import keep_new

_OPEN = "camera open"
_TURN = "camera turn"


def offer_camera() -> None:
    """Show a button that opens the camera, or closes it."""
    opened = _is_open()
    st.button(
        "Close the camera" if opened else "Take a photo",
        key="camera button",
        on_click=_switch,
        args=(not opened,),
        type="tertiary",
        icon=":material/no_photography:" if opened else ":material/photo_camera:",
    )


def show_camera() -> None:
    """Show the camera if it is open; the browser is not asked for it before.

    A photo that was taken joins the row as an upload does, and the camera closes.
    """
    if _is_open():
        key = f"camera {st.session_state.get(_TURN, 0)}"
        st.camera_input(
            "Camera",
            key=key,
            on_change=_receive,
            args=(key,),
            label_visibility="collapsed",
        )


def _is_open() -> bool:
    return bool(st.session_state.get(_OPEN))


def _switch(opened: bool) -> None:
    st.session_state[_OPEN] = opened


def _receive(key: str) -> None:
    """Keep the photo that was taken."""
    taken = st.session_state.get(key)
    if taken is None:  # cleared in the camera, before it was closed
        return
    turn = st.session_state.get(_TURN, 0) + 1
    keep_new([taken], f"camera {turn}.jpg")
    st.session_state[_TURN] = turn
    _switch(False)
