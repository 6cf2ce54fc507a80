"""Mounting the viewer on a page, and what comes back from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st

from attnviz.render.heat import COLOUR_MAPS
from attnviz.ui.components.base.bundle import bundled, colour_tables, shaders
from attnviz.ui.components.base.component import frozen_view, no_op, register
from attnviz.ui.components.viewer.payload import Payload
from attnviz.ui.components.viewer.view import View

FOLDER = Path(__file__).resolve().parent


_ASSETS = {"shaders": shaders(), "colours": colour_tables(*COLOUR_MAPS)}
_MOUNT = register("attnviz.viewer", FOLDER, html="viewer.html", css="viewer.css", assets=_ASSETS)


@cache
def script() -> str:
    """Return the viewer's script: all modules, shaders and colour tables."""
    return bundled(FOLDER, _ASSETS)


@dataclass(frozen=True)
class Pick:
    """A clicked point: x, y in 0..1 from the picture's left and top, on the layer of that name."""

    x: float
    y: float
    layer: str


@dataclass(frozen=True)
class ViewerEvents:
    """What the browser reported.

    Attributes
    ----------
    view
        What the controls said when one was last released.
    picked
        The point that was clicked just now, in this run alone.
    webgl
        False if the browser cannot draw the viewer, or has lost its graphics for good; the page
        then shows pictures made by the server.
    """

    view: View
    picked: Pick | None
    webgl: bool


def viewer(payload: Payload, *, key: str, view: View, origin: str) -> ViewerEvents:
    """Show a packed content and return what the user did with it.

    Parameters
    ----------
    payload
        From `pack`. The same payload is neither sent nor uploaded to the GPU again, and other maps
        of the same photo are sent without it.
    key
        Key of the widget; unique on its page.
    view
        The initial view, used when the viewer first appears.
    origin
        Names what the view belongs to (say, network and method). When it changes, the viewer takes
        over `view` again; as long as it stays, the user's settings stay.

    Returns
    -------
    ViewerEvents
        The controls' values, a click, and whether the browser can draw at all.
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
    told = result.view if isinstance(result.view, Mapping) else {}
    current = view if told.get("viewId") != view_id else View.from_untrusted(told)
    return ViewerEvents(current, _picked(result.picked), result.webgl is not False)


def _photo_is_sent(key: str, payload: Payload) -> bool:
    """Whether the photo goes along: where the viewer is new, or had another one before.

    The same payload is sent as it was the last time, or the browser would be sent it again.
    """
    before: tuple[str, str, bool] | None = st.session_state.get(f"{key}:photo")
    if before is None or key not in st.session_state or before[0] != payload.photo_id:
        sent = True
    else:
        sent = before[1] == payload.id and before[2]
    st.session_state[f"{key}:photo"] = (payload.photo_id, payload.id, sent)
    return sent


def _forget_photo(key: str) -> None:
    """The browser has not got the photo: the run that follows sends it."""
    st.session_state.pop(f"{key}:photo", None)


def _picked(value: Any) -> Pick | None:
    """The click in a browser's message, None if there is none or it makes no sense."""
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
