"""The viewer for maps of all layers, and its replacement in browsers without WebGL2."""

from __future__ import annotations

import cv2
import numpy as np
import streamlit as st

from attnviz.pictures.jpeg import jpeg
from attnviz.render.focus import FocusSettings, Scale, focus_map
from attnviz.render.heat import heat_overlay
from attnviz.types import Pixels
from attnviz.ui.components.viewer import (
    Content,
    Layer,
    Mode,
    Payload,
    Pick,
    View,
    pack,
    viewer,
    with_mattes,
)
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.inline_images import legend_numbers
from attnviz.ui.kit.layer_traces import Key
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.kit.shared import CacheShelf, shared

_PLAIN_SIDE = 260
_FIRST = View(mode=Mode.HEAT)


def show_maps(
    name: str, key: Key, content: Content, origin: str, first: View = _FIRST
) -> Pick | None:
    """Show the maps of all layers.

    Parameters
    ----------
    name : str
        Key of the viewer.
    key : tuple of str
        Determines the content.
    content : Content
        Picture and maps.
    origin : str
        Identifies what the view belongs to, see `viewer`.
    first : View
        Initial values of the controls.

    Returns
    -------
    Pick or None
        The point that was just clicked, if any.
    """
    if not st.session_state.get("no webgl"):
        names = [layer.name for layer in content.layers]
        view: View = st.session_state.get(f"{name} view", first)
        if view.layer not in names:
            view = view.at(names[-1])
        outlined = bool(view.outline) and not content.quiet
        payload = packed_maps((name, *key), outlined, content)
        events = viewer(payload, key=name, view=view, origin=origin)
        st.session_state[f"{name} view"] = events.view
        if events.webgl:
            if events.view.outline and not outlined and not content.quiet:
                run_again()  # with the objects, which the browser lacks
            return events.picked
        st.session_state["no webgl"] = True
        run_again()
    _show_plain(content)
    return None


def _show_plain(content: Content) -> None:
    """Show all maps as pictures, on one scale if the content has one."""
    if content.span is None:
        scale = "Each map has its own scale."
        captions = [caption(layer) for layer in content.layers]
    else:
        low, high = legend_numbers(*content.span)
        scale = f"All maps share one scale, {low} to {high}."
        captions = [layer.name for layer in content.layers]
    st.caption(f"Rendered by the server because this browser has no WebGL2. {scale}")
    st.image(
        [overlay(content, layer, index) for index, layer in enumerate(content.layers)],
        caption=[plain_text(text) for text in captions],
        width=_PLAIN_SIDE,
    )


def caption(layer: Layer) -> str:
    """Return a map's name with the absolute values at the ends of its colours."""
    low, high = legend_numbers(max(float(layer.values.min()), 0), float(layer.values.max()))
    return f"{layer.name}: {low} to {high}"


def marked(pixels: Pixels, x: float, y: float) -> Pixels:
    """Draw a ring around a point.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture; it is not changed.
    x, y : float
        The point in 0..1 from the picture's left and top.

    Returns
    -------
    uint8 [H, W, 3]
        A copy with the ring.
    """
    height, width = pixels.shape[:2]
    shown = pixels.copy()
    radius = max(3, round(0.014 * max(height, width)))
    middle = (min(int(x * width), width - 1), min(int(y * height), height - 1))
    for colour, thickness in (((0, 0, 0), 5), ((255, 255, 255), 2)):
        thick = max(1, round(thickness * radius / 14))
        cv2.circle(shown, middle, radius, colour, thick, cv2.LINE_AA)
    return shown


def overlay(content: Content, layer: Layer, index: int = 0) -> bytes:
    """Draw a map over a small copy of its picture, as JPEG bytes."""
    height, width = content.pixels.shape[:2]
    step = max(1, max(height, width) // (2 * _PLAIN_SIDE))
    pixels = np.ascontiguousarray(content.pixels_of(index)[::step, ::step])
    if content.point is not None:
        pixels = marked(pixels, *content.point)
    scale = Scale.LAYER if content.span is None else Scale.ALL_LAYERS
    shares = focus_map(
        layer.values,
        content.geometry.resized(pixels.shape[:2]),
        FocusSettings(scale=scale),
        value_range=content.span,
    ).scaled
    return jpeg(heat_overlay(pixels, shares))


@shared(CacheShelf.PAYLOADS)
def packed_maps(key: tuple[object, ...], outlined: bool, _content: Content) -> Payload:
    """Pack content for the viewer, with the objects if `outlined`; `key` determines the content."""
    del key
    return pack(with_mattes(_content) if outlined else _content)
