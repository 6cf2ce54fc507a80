"""Registration of a component with Streamlit, and the view that is sent with its data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from attnviz.viewer.bundle import bundled

V = TypeVar("V")


def register(
    name: str,
    folder: Path,
    *,
    html: str,
    css: str,
    assets: Mapping[str, object] | None = None,
) -> ComponentRenderer:
    """Register the component in a folder.

    Parameters
    ----------
    name : str
        Streamlit's identifier of the component.
    folder : Path
        Holds the HTML, the CSS, and the modules in ``js``; ``js/main.js`` exports ``mount``.
    html, css : str
        File names in that folder.
    assets : mapping, optional
        Constants for the script, serialisable as JSON: shaders, colour tables.

    Returns
    -------
    ComponentRenderer
        Called on a page, it mounts the component.
    """
    return st.components.v2.component(
        name,
        html=(folder / html).read_text(encoding="utf-8"),
        css=(folder / css).read_text(encoding="utf-8"),
        js=bundled(folder, assets or {}),
    )


def no_op() -> None:
    """Do nothing: Streamlit stores a state or trigger only if it has a callback.

    The page reads the value from the component's result.
    """


def frozen_view(key: str, view: V, origin: str) -> tuple[str, V]:
    """Return the view that is sent with a component's bytes, and an id for it.

    The bytes must stay the same from run to run, or they would all be sent again. The view in them
    is therefore frozen when the component is first mounted, or its origin changes.

    Parameters
    ----------
    key : str
        Key of the widget.
    view : V
        The current view; frozen and sent if the component or its origin is new.
    origin : str
        Identifies what the view belongs to, for example network and method.

    Returns
    -------
    tuple of (str, V)
        The id, which changes when the browser must adopt the view, and the frozen view.
    """
    frozen_key, mounted = f"{key}:frozen", key in st.session_state
    frozen: tuple[str, V] | None = st.session_state.get(frozen_key)
    if frozen is None or not mounted or frozen[0].rpartition("|")[0] != origin:
        count = st.session_state.get(f"{key}:count", 0) + 1
        st.session_state[f"{key}:count"] = count
        frozen = (f"{origin}|{count}", view)
        st.session_state[frozen_key] = frozen
    return frozen
