"""The page "Focus" for browsers without WebGL2: the server renders the pictures.

It shows the same as the viewer, but each step needs a message to the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.methods.fuse import FUSED
from attnviz.render.focus import FocusMap, Scale, sharp_share
from attnviz.render.heat import COLOUR_MAPS, heat_overlay
from attnviz.types import Pixels
from attnviz.ui.components.viewer import View, layer_names
from attnviz.ui.kit.inline_images import show_legend, show_picture
from attnviz.ui.kit.url_state import returns
from attnviz.ui.pages.focus.panels import show_filmstrip

SCALES = {
    Scale.LAYER: "this layer",
    Scale.ALL_LAYERS: "all layers",
    Scale.ABSOLUTE: "absolute, 0 to 1",
}


def plain_view(
    explanation: Explanation,
    view: View,
    render: Callable[[View], tuple[FocusMap, Pixels]],
) -> View:
    """Show pictures, and below them the controls that change them.

    Parameters
    ----------
    explanation : Explanation
        Picture and maps.
    view : View
        Initial values of the controls.
    render : callable
        Returns the focus and the bokeh picture of a view.

    Returns
    -------
    View
        Values of the controls.
    """
    st.caption("Rendered by the server because this browser has no WebGL2.")
    pictures = st.container()
    chosen = plain_controls(explanation, view)
    focus, blurred = render(chosen)
    with pictures:
        _show(explanation, chosen, focus, blurred)
    show_filmstrip(explanation, chosen.layer, chosen.colours)
    return chosen


def _show(explanation: Explanation, view: View, focus: FocusMap, blurred: Pixels) -> None:
    left, right = st.columns(2)
    with left:
        note = "evenly soft" if focus.flat else f"{100 * sharp_share(focus):.0f} % sharp"
        show_picture("In focus", note, blurred, f"Focus picture, layer {view.layer}")
    with right:
        over = heat_overlay(
            explanation.picture.pixels, focus.scaled, opacity=view.opacity, name=view.colours
        )
        show_picture(explanation.title, view.layer, over, f"Map of layer {view.layer}")
    show_legend(focus, view.colours, _legend_note(focus, explanation, view))


def _legend_note(focus: FocusMap, explanation: Explanation, view: View) -> str:
    """Explain the numbers at the colour bar."""
    method = explanation.choice.method
    if focus.flat:
        return f"{view.layer} is flat: nothing stands out."
    if view.layer == FUSED:
        return f"{method.title}, mean of all layers; 1 is an even map."
    negative = " Negative values count as 0." if method.signed else ""
    return f"{method.title}. Absolute values; colours span {SCALES[focus.scale]}.{negative}"


def plain_controls(explanation: Explanation, view: View, *, scales: bool = True) -> View:
    """Show controls whose changes the server draws.

    Parameters
    ----------
    explanation : Explanation
        It has the layers.
    view : View
        Initial values of the controls.
    scales : bool
        Whether the scale of the map can be chosen.

    Returns
    -------
    View
        Values of the controls.
    """
    layer = _pick_layer(explanation, view)
    method = explanation.choice.method
    _seed(
        _origin(explanation),
        radius=100 * view.radius, threshold=view.threshold, softness=view.softness,
        scale=view.scale, outline=view.outline, colours=view.colours, opacity=view.opacity,
    )  # fmt: skip
    columns = st.columns(3)
    with columns[0]:
        radius = st.slider(
            "Radius", 0.0, 6.0, step=0.2, format="%.1f %%", key="plain radius",
            help="Radius of the largest blur disc, as a share of the picture's diagonal.",
        )  # fmt: skip
    with columns[1]:
        threshold = st.slider(
            "Threshold", 0.0, 1.0, step=0.05, key="plain threshold",
            help="Value on the colour scale at which the focus begins.",
        )  # fmt: skip
    with columns[2]:
        softness = st.slider(
            "Softness", 0.05, 1.0, step=0.05, key="plain softness",
            help="How gradually sharp turns into soft.",
        )  # fmt: skip
    with st.expander("Scale and colours" if scales else "Edges and colours"):
        scale = _pick_scale(method.shares) if scales else view.scale
        outline = st.toggle(
            "Focus follows the object",
            key="plain outline",
            help="Off: the soft attention map. On: the outline of the object that it marks.",
        )
        colours = st.selectbox("Colours", COLOUR_MAPS, key="plain colours")
        opacity = st.slider("Opacity of the colours", 0.0, 1.0, step=0.05, key="plain opacity")
    return replace(
        view, layer=layer, radius=radius / 100, threshold=threshold, softness=softness,
        scale=scale, outline=outline, colours=colours, opacity=opacity,
    )  # fmt: skip


def _pick_scale(shares: bool) -> Scale:
    scales = [one for one in SCALES if one is not Scale.ABSOLUTE or shares]
    return st.radio("Scale of the map", scales, format_func=SCALES.__getitem__, key="plain scale")


def _origin(explanation: Explanation) -> tuple[str, str, int]:
    """What the controls belong to; with another, they start at the view's values."""
    return explanation.provenance["model"], explanation.method, returns()


def _seed(origin: tuple[str, str, int], **values: object) -> None:
    """Set the controls to a view's values if they have none, or if the network has changed."""
    fresh = st.session_state.get("plain origin") != origin
    st.session_state["plain origin"] = origin
    for name, value in values.items():
        if fresh or f"plain {name}" not in st.session_state:
            st.session_state[f"plain {name}"] = value


def _pick_layer(explanation: Explanation, view: View) -> str:
    """Show a slider over all layers, the fused map last, with buttons for single steps."""
    layers = layer_names(explanation)
    origin = _origin(explanation)
    known = st.session_state.get("plain origin") == origin
    if not known or st.session_state.get("layer") not in layers:
        st.session_state["layer"] = view.layer if view.layer in layers else explanation.best_layer
    if len(layers) == 1:
        return layers[0]

    def step(by: int) -> Callable[[], None]:
        def move() -> None:
            index = layers.index(st.session_state["layer"]) + by
            st.session_state["layer"] = layers[max(0, min(index, len(layers) - 1))]

        return move

    # A horizontal container stays a row on phones, where columns would be stacked.
    with st.container(horizontal=True, vertical_alignment="bottom", key="layer-row"):
        st.button("◀", on_click=step(-1), help="One layer back")
        layer = st.select_slider("Layer", layers, key="layer")
        st.button("▶", on_click=step(1), help="One layer on")
    return str(layer)
