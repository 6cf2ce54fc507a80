"""Mounts the viewer on a page and reads its events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from attnviz.ui.components.base.component import frozen_view, no_op, register
from attnviz.viewer.payload import Payload
from attnviz.viewer.source import FOLDER, viewer_assets
from attnviz.viewer.view import View

_MOUNT = register(
    "attnviz.viewer", FOLDER, html="viewer.html", css="viewer.css", assets=viewer_assets()
)


@dataclass(frozen=True)
class Pick:
    """A clicked point: x, y in 0..1 from the picture's left and top, and the layer's name."""

    x: float
    y: float
    layer: str


@dataclass(frozen=True)
class ViewerEvents:
    """Events that the browser reported.

    Attributes
    ----------
    view : View
        Values of the controls when one was last released.
    picked : Pick or None
        The point that was just clicked; set only in the run that the click causes.
    webgl : bool
        False if the browser cannot draw the viewer, or has lost its WebGL context for good; the
        page then shows pictures rendered by the server.
    """

    view: View
    picked: Pick | None
    webgl: bool


def viewer(payload: Payload, *, key: str, view: View, origin: str) -> ViewerEvents:
    """Show a packed picture with its maps, and return the user's input.

    Parameters
    ----------
    payload : Payload
        From `pack`. An unchanged payload is neither sent nor uploaded to the GPU again, and other
        maps of the same photo are sent without it.
    key : str
        Key of the widget, unique on its page.
    view : View
        The initial view, used when the viewer first appears.
    origin : str
        Identifies what the view belongs to (such as network and method). When it changes, the
        viewer adopts `view` again; until then the user's settings remain.

    Returns
    -------
    ViewerEvents
        Values of the controls, a click, and whether the browser can draw the viewer.
    """
    photo = _photo_is_sent(key, payload)
    view_id, first = frozen_view(key, view, origin)
    result = _MOUNT(
        key=key,
        data=payload.to_bytes(first.to_json(), view_id, photo=photo),
        default={"view": None, "webgl": True},
        on_view_change=no_op,
        on_webgl_change=no_op,
        on_picked_change=no_op,
        on_lacking_change=partial(_forget_photo, key),
    )
    state = result.view if isinstance(result.view, Mapping) else {}
    current = view if state.get("viewId") != view_id else View.from_untrusted(state)
    return ViewerEvents(current, _picked(result.picked), result.webgl is not False)


def _photo_is_sent(key: str, payload: Payload) -> bool:
    """Whether to send the photo: if the viewer is new, or showed another photo before.

    An unchanged payload keeps its photo, or lack of it: changed bytes would be sent again.
    """
    before: tuple[str, str, bool] | None = st.session_state.get(f"{key}:photo")
    if before is None or key not in st.session_state or before[0] != payload.photo_id:
        sent = True
    else:
        sent = before[1] == payload.id and before[2]
    st.session_state[f"{key}:photo"] = (payload.photo_id, payload.id, sent)
    return sent


def _forget_photo(key: str) -> None:
    """Send the photo again in the next run, because the browser lacks it."""
    st.session_state.pop(f"{key}:photo", None)


def _picked(value: Any) -> Pick | None:
    """Parse the click in a browser's message; None if it is missing or invalid."""
    if not isinstance(value, Mapping):
        return None
    try:
        x, y = float(value["x"]), float(value["y"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    layer = value.get("layer")
    inside = 0 <= x <= 1 and 0 <= y <= 1
    return Pick(x, y, layer) if inside and isinstance(layer, str) else None
