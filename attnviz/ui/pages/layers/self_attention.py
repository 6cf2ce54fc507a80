"""Self-attention on the page "Layers": a query's maps in every layer and head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import streamlit as st

from attnviz.analysis.layer_statistics import QueryMaps
from attnviz.analysis.layer_trace import LayerTrace, without_artefacts
from attnviz.methods.context import Query
from attnviz.types import FloatArray, Pixels
from attnviz.ui.components.viewer import Content, Layer, Pick
from attnviz.ui.kit.layer_traces import TracedPhoto
from attnviz.ui.kit.map_view import show_maps
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.kit.save_menu import Savable
from attnviz.ui.kit.url_state import linked, start_choice
from attnviz.ui.pages.layers.cache import query_maps
from attnviz.ui.pages.layers.heads import show_heads, show_numbers
from attnviz.ui.pages.layers.saving import self_attention_files

_VIEWER = "layers viewer"
POINT = "layers point"
QUERY = "layers query"
HEAD = "layers head"
_TURN = "layers turn to point"
_QUERY_KINDS = {
    "class": "Class token",
    "mean": "Mean of all positions",
    "point": "Clicked point",
}
_ARTEFACTS = {
    "show": "shown unchanged",
    "mark": "marked with a cross",
    "mask": "filled in from their neighbours",
}
_FUSED = {"mean": "Mean of the heads", "max": "Strongest head at each position"}


def show_self_attention(traced: TracedPhoto) -> tuple[dict[str, str], list[Savable]]:
    """Show a query's maps in the viewer, all heads below it, and numbers of each layer.

    Returns
    -------
    link : dict of str to str
        The choices that the link contains.
    savable : list of Savable
        The maps of all layers, and of all heads of the layer that is shown.
    """
    st.subheader("Self-attention: where each position attends")
    st.caption(
        "Click any point of the picture to see what that point attends to, in every layer and "
        "head. Each layer has several **heads**, which attend side by side, each in its own way. A "
        "**query** is the position that attends."
    )
    left, right = st.columns([3, 2])
    with left:
        kind = _pick_query_kind(traced)
    with right:
        head = _pick_head(traced)
    point = _chosen_point(traced) if kind == "point" else None
    artefacts = _pick_artefacts(traced)
    query = _query(traced, kind, point)
    if query is None:
        st.info("This part of the picture is outside the network's input. Click another point.")
        query, point = (0.5, 0.5), (0.5, 0.5)
    maps = query_maps(traced.key, query, traced.layers)
    if artefacts == "mask" and traced.layers.artefacts is not None:
        maps = without_artefacts(maps, traced.layers.artefacts)
    content = _content(traced, maps, head, kind, point)
    if artefacts == "mark":
        content = replace(content, pixels=with_artefacts(content.pixels, traced.layers))
    key = (*traced.key, str(query), head, artefacts)
    picked = show_maps(_VIEWER, key, content, f"{traced.model.name} context")
    if picked is not None:
        _move_query(traced, picked, kind)
    st.caption(_query_caption(kind, point))
    show_heads(traced, maps, query)
    show_numbers(traced)
    link = {QUERY: kind, HEAD: head, POINT: "" if point is None else point_text(*point)}
    return link, self_attention_files(_VIEWER, traced, content, maps)


def fuse_heads(values: FloatArray, head: str) -> FloatArray:
    """Reduce a map of each head to one map.

    Parameters
    ----------
    values : float32 [heads, h, w]
        Maps of all heads.
    head : str
        "mean", "max", or the index of a head; the last head if the layer has fewer.

    Returns
    -------
    float32 [h, w]
        The map.
    """
    if head == "mean":
        return np.asarray(values.mean(0))
    if head == "max":
        return np.asarray(values.max(0))
    return np.asarray(values[min(int(head), len(values) - 1)])


def _pick_query_kind(traced: TracedPhoto) -> str:
    kinds = list(_QUERY_KINDS) if traced.layers.has_class_token else ["mean", "point"]
    if st.session_state.pop(
        _TURN, False
    ):  # before the widget exists; afterwards its value cannot be set
        st.session_state[QUERY] = "point"
    start_choice(QUERY, kinds)
    kind = str(
        st.radio(
            "Query",
            kinds,
            format_func=_QUERY_KINDS.__getitem__,
            key=QUERY,
            persist_state="session",
            horizontal=True,
            help="The position that attends. The class token is an extra one that stands for the "
            "picture as a whole: from it the network reads the class.",
        )
    )
    if kind == "point" and st.session_state.get("no webgl"):
        _pick_point_by_hand(traced)
    return kind


def _pick_point_by_hand(traced: TracedPhoto) -> None:
    """Show sliders for the point if there is no viewer to click on."""
    x, y = _chosen_point(traced)
    left, right = st.columns(2)
    with left:
        across = st.slider("From the left, %", 0, 100, round(100 * x))
    with right:
        down = st.slider("From the top, %", 0, 100, round(100 * y))
    if (across, down) != (round(100 * x), round(100 * y)):
        st.session_state[POINT] = (traced.key[0], across / 100, down / 100)
        run_again()


def _pick_head(traced: TracedPhoto) -> str:
    most = max(one.heads for one in traced.layers.trace.context)
    heads = [*_FUSED, *map(str, range(most))]
    start_choice(HEAD, heads)
    head = str(
        st.selectbox(
            "Heads in the picture",
            heads,
            format_func=lambda one: _FUSED.get(one) or f"Head {int(one) + 1}",
            key=HEAD,
            persist_state="session",
            width=280,
            help="All heads of a layer attend at once, each to something else. Their mean may hide "
            "what one of them finds.",
        )
    )
    return head


def _pick_artefacts(traced: TracedPhoto) -> str:
    """Pick the treatment of artefact tokens; no choice is shown if tokens have no features."""
    found = traced.layers.artefacts
    if found is None:
        return "show"
    chosen = str(
        st.segmented_control(
            "Artefact tokens",
            list(_ARTEFACTS),
            format_func=str.capitalize,
            default="show",
            required=True,
            key="layers artefacts",
            help="Patches whose features are outliers after the last block: the network stores "
            "global information there. Attention to them says nothing about that part of the "
            "picture. Mask: each takes the mean of its neighbours, in every map.",
        )
    )
    if chosen != "show":
        st.caption(describe_artefacts(int(found.sum()), found.size, chosen))
    return chosen


def describe_artefacts(count: int, tokens: int, chosen: str) -> str:
    """Say in a sentence how many tokens are artefacts, and how they are treated."""
    if not count:
        return f"None of the {tokens} tokens is an artefact in this picture."
    return (
        f"{count} of {tokens} tokens: the network stores global information there, "
        f"{_ARTEFACTS[chosen]}."
    )


def with_artefacts(pixels: Pixels, traced: LayerTrace) -> Pixels:
    """Draw a cross on each artefact token, on a copy of the picture (uint8 [H, W, 3])."""
    shown = pixels.copy()
    if traced.artefacts is None:
        return shown
    height, width = pixels.shape[:2]
    geometry, cells = traced.geometry.resized((height, width)), traced.artefacts.shape
    size = max(5, round(0.014 * max(height, width)))
    for row, column in np.argwhere(traced.artefacts):
        y, x = geometry.to_picture(
            (row + 0.5) * geometry.input_size[0] / cells[0],
            (column + 0.5) * geometry.input_size[1] / cells[1],
        )
        for colour, thickness in (((0, 0, 0), 4), ((255, 255, 255), 2)):
            at = (int(x), int(y))
            cv2.drawMarker(shown, at, colour, cv2.MARKER_TILTED_CROSS, size, thickness, cv2.LINE_AA)
    return shown


def _chosen_point(traced: TracedPhoto) -> tuple[float, float]:
    """The clicked point (x, y) of this picture, or that of the link, or else the centre."""
    if POINT not in st.session_state:
        st.session_state[POINT] = (traced.key[0], *parse_point(linked(POINT)))
    of, x, y = st.session_state[POINT]
    return (float(x), float(y)) if of == traced.key[0] else (0.5, 0.5)


def point_text(x: float, y: float) -> str:
    """Format a point for a link, to a thousandth of the picture's sides."""
    return f"{x:.3f},{y:.3f}"


def parse_point(text: str | None) -> tuple[float, float]:
    """Parse the point in an untrusted link; the centre of the picture if it is invalid."""
    found = re.fullmatch(r"([01]\.\d{1,6}),([01]\.\d{1,6})", text or "", re.ASCII)
    x, y = map(float, found.groups()) if found else (0.5, 0.5)
    return (x, y) if max(x, y) <= 1 else (0.5, 0.5)


def _query(traced: TracedPhoto, kind: str, point: tuple[float, float] | None) -> Query | None:
    return kind if point is None else traced.layers.input_point(*point)


def _move_query(traced: TracedPhoto, picked: Pick, kind: str) -> None:
    """Make the clicked point the query; a repeated report of a click has no effect."""
    if (
        kind == "point"
        and _chosen_point(traced) == (picked.x, picked.y)
        and POINT in st.session_state
    ):
        return
    st.session_state[POINT] = (traced.key[0], picked.x, picked.y)
    st.session_state[_TURN] = True
    run_again()


def _content(
    traced: TracedPhoto,
    maps: Sequence[QueryMaps],
    head: str,
    kind: str,
    point: tuple[float, float] | None,
) -> Content:
    fusing = _FUSED.get(head) or f"head {int(head) + 1}"
    who = "marked point" if point else _QUERY_KINDS[kind].lower()
    return Content(
        traced.photo.shown.pixels,
        traced.layers.geometry,
        [Layer(one.layer, fuse_heads(one.values, head)) for one in maps],
        "Attention",
        f"Share of the attention of the {who}, {fusing.lower()}.",
        point=point,
    )


def _query_caption(kind: str, point: tuple[float, float] | None) -> str:
    if point is None:
        return f"{_QUERY_KINDS[kind]} as the query: brighter positions get more of its attention."
    return (
        f"The query is the point {100 * point[0]:.0f} % from the left and {100 * point[1]:.0f} % "
        "from the top: the cell that contains it on each layer's grid. "
        "Read from this pass's queries and keys; the network did not run again."
    )
