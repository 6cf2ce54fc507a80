"""The focus page: pictures, model and layer in; focus picture, map and predictions out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from attnviz.explanation import Explanation
from attnviz.export.png import png_with_provenance
from attnviz.focus import Edges, FocusMap, FocusSettings, Scale, sharp_share
from attnviz.methods.base import Nature
from attnviz.methods.fuse import FUSED
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.render.bokeh import bokeh
from attnviz.render.heat import COLOUR_MAPS, heat_overlay
from attnviz.ui.cache import explained, focus_key, focus_picture, seen_in_bokeh
from attnviz.ui.guard import guarded, plain_text
from attnviz.ui.panels import (
    Pixels,
    show_filmstrip,
    show_legend,
    show_picture,
    show_predictions,
)
from attnviz.ui.pickers import Photo, pick_device, pick_look, pick_model, pick_picture

EYE = (
    "Light from what you look at falls on the fovea, and there it is sharp; attention chooses "
    "what that is. Blur here shows attention, not distance."
)
SCALES = {
    Scale.LAYER: "this layer",
    Scale.ALL_LAYERS: "all layers",
    Scale.ABSOLUTE: "absolute, 0 to 1",
}


@dataclass(frozen=True)
class View:
    """The controls' values. `radius` is a share of the picture's diagonal."""

    layer: str
    radius: float
    settings: FocusSettings
    colours: str
    opacity: float


@dataclass(frozen=True)
class Shown:
    """What the page shows of one picture: at display size, its focus, and its bokeh picture."""

    picture: Picture
    focus: FocusMap
    blurred: Pixels


def show() -> None:
    """The whole page, from top to bottom."""
    st.html(
        '<div class="av-head"><h1>attnviz</h1><p>What the model attends to stays sharp. '
        "The rest falls out of focus.</p></div>"
    )
    with guarded():
        photo = pick_picture()
        model, look = _pick_model_and_look()
    if photo is None or model is None:
        st.info("Choose a picture and a model to see where the model looks.")
        return
    with guarded():
        explanation = _explained(photo.shown, model, look)
        _show_explanation(photo, model, explanation)


def _pick_model_and_look() -> tuple[VisionModel | None, str]:
    with st.sidebar:
        device = pick_device()
    left, right = st.columns(2)
    with left:
        model = pick_model(device)
    with right:
        look = pick_look(model) if model else "auto"
    return model, look


def _explained(picture: Picture, model: VisionModel, look: str) -> Explanation:
    """The explanation, for the class the user chose if the maps speak for a class at all."""

    def compute(target: str | None) -> Explanation:
        key = (model.name, str(model.device))
        with st.spinner("Looking …", show_time=True):
            return explained(picture.sha256, key, look, target, model, picture)

    top = compute(None)
    if top.choice.method.nature is Nature.ATTENTION:
        return top
    labels = [one.label for one in top.predictions]
    with st.sidebar:
        chosen = st.selectbox("Class to explain", labels, help="The most probable classes.")
    return top if chosen == labels[0] else compute(chosen)


def _show_explanation(photo: Photo, model: VisionModel, explanation: Explanation) -> None:
    """Pictures above the controls that change them, predictions beside both."""
    main, side = st.columns([10, 3], gap="medium")
    with main:
        pictures = st.container()
        view = _pick_view(explanation)
    small = photo.shown
    height, width = small.pixels.shape[:2]
    radius = view.radius * math.hypot(height, width)
    focus = explanation.focus(view.layer, view.settings)
    key = focus_key(explanation, view.layer, view.settings)
    blurred = focus_picture(small.sha256, radius, key, small, focus)
    with pictures:
        _show_pictures(Shown(small, focus, blurred), explanation, view)
    with side:
        st.html('<div class="av-title">What it sees</div>')
        after = seen_in_bokeh(small.sha256, radius, key, model, blurred)
        show_predictions(explanation.predictions, after)
        st.html(f'<p class="av-eye">{EYE}</p>')
        if model.spec.note:
            st.caption(plain_text(model.spec.note))
    with main:
        show_filmstrip(explanation, view.layer, view.colours)
    _show_facts(photo, explanation, view)


def _show_pictures(shown: Shown, explanation: Explanation, view: View) -> None:
    for note in explanation.notes:
        st.warning(plain_text(note))
    left, right = st.columns(2)
    flat = shown.focus.flat
    with left:
        note = "evenly soft" if flat else f"{100 * sharp_share(shown.focus):.0f} % sharp"
        show_picture("In focus", note, shown.blurred, f"Focus picture, layer {view.layer}")
    with right:
        over = heat_overlay(
            shown.picture.pixels, shown.focus.scaled, opacity=view.opacity, name=view.colours
        )
        show_picture(_map_title(explanation), view.layer, over, f"Map of layer {view.layer}")
    show_legend(shown.focus, view.colours, _legend_note(shown.focus, explanation, view))


def _legend_note(focus: FocusMap, explanation: Explanation, view: View) -> str:
    """What the numbers at the colour bar are."""
    method = explanation.choice.method
    if focus.flat:
        return f"{view.layer} is flat: nothing stands out."
    if view.layer == FUSED:
        return f"{method.title}, mean of all layers; 1 is an even map."
    negative = " Negative values count as 0." if method.signed else ""
    return f"{method.title}. Absolute values; colours span {SCALES[focus.scale]}.{negative}"


def _map_title(explanation: Explanation) -> str:
    """Attention or relevance, always said; and for relevance, for which class."""
    method = explanation.choice.method
    if method.nature is Nature.ATTENTION or explanation.target is None:
        return "Attention"
    return f"Relevance for {explanation.target.label}"


def _pick_view(explanation: Explanation) -> View:
    layer, method = _pick_layer(explanation), explanation.choice.method
    columns = st.columns(3)
    with columns[0]:
        radius = st.slider(
            "Radius", 0.0, 6.0, 2.4, 0.2, format="%.1f %%", key="radius",
            help="Of the largest blur disc, as a share of the picture's diagonal.",
        )  # fmt: skip
    with columns[1]:
        threshold = st.slider(
            "Threshold", 0.0, 1.0, 0.25, 0.05, key="threshold",
            help="Where on the colour scale the focus begins.",
        )  # fmt: skip
    with columns[2]:
        softness = st.slider(
            "Softness", 0.05, 1.0, 0.5, 0.05, key="softness",
            help="How gradually sharp turns into soft.",
        )  # fmt: skip
    with st.sidebar:
        scales = [one for one in SCALES if one is not Scale.ABSOLUTE or method.shares]
        scale = st.radio("Scale of the map", scales, format_func=SCALES.__getitem__)
        edges = st.toggle(
            "Follow the picture's edges",
            help="A guided filter snaps the focus to edges in the photo.",
        )
        colours = st.selectbox("Colours", COLOUR_MAPS, index=COLOUR_MAPS.index("inferno"))
        opacity = st.slider("Strength of the colours", 0.1, 1.0, 0.6, 0.05)
    settings = FocusSettings(
        threshold=threshold,
        softness=softness,
        scale=scale,
        edges=Edges.OBJECT if edges else Edges.FIELD,
    )
    return View(layer, radius / 100, settings, colours, opacity)


def _pick_layer(explanation: Explanation) -> str:
    """A slider over all layers, with buttons for one step; all layers fused stand at its end."""
    layers = [*explanation.layers, *([FUSED] if len(explanation.layers) > 1 else [])]
    origin = (explanation.provenance["model"], explanation.method, explanation.choice.question)
    if st.session_state.get("layers_of") != origin or st.session_state.get("layer") not in layers:
        st.session_state["layers_of"] = origin
        st.session_state["layer"] = explanation.best_layer
    if len(layers) == 1:
        return layers[0]

    def step(by: int) -> Callable[[], None]:
        def move() -> None:
            index = layers.index(st.session_state["layer"]) + by
            st.session_state["layer"] = layers[max(0, min(index, len(layers) - 1))]

        return move

    # A horizontal container keeps its row on phones, where columns would be stacked.
    with st.container(horizontal=True, vertical_alignment="bottom", key="layer-row"):
        st.button("◀", on_click=step(-1), help="One layer back")
        layer = st.select_slider("Layer", layers, key="layer")
        st.button("▶", on_click=step(1), help="One layer on")
    return str(layer)


def _show_facts(photo: Photo, explanation: Explanation, view: View) -> None:
    method = explanation.choice.method
    with st.expander("What you see, and where it comes from"):
        st.markdown(
            f"**{method.title}**: `{method.formula}`  \n{plain_text(method.paper)}. "
            f"This is {method.nature}, computed in one pass over all layers."
        )
        if explanation.choice.measured:
            st.markdown(
                "This map and layer were chosen by measurement: of all maps of this model they "
                f"answered best *{plain_text(str(explanation.choice.question))}*."
            )
        if photo.credit:
            st.markdown(plain_text(photo.credit))
        st.table({key: [plain_text(value)] for key, value in explanation.provenance.items()})
    st.download_button(
        "Save the focus picture",
        data=lambda: _full_size(photo.whole(), explanation, view),
        file_name="attnviz-focus.png",
        mime="image/png",
        on_click="ignore",
        icon=":material/download:",
        help="At the photo's own size, as PNG, with model, method and layer written into it.",
    )


def _full_size(picture: Picture, explanation: Explanation, view: View) -> bytes:
    height, width = picture.pixels.shape[:2]
    focus = explanation.focus(view.layer, view.settings).resized((height, width))
    radius = view.radius * math.hypot(height, width)
    facts = {
        **explanation.provenance,
        "layer": view.layer,
        "target": explanation.target.label if explanation.target else "none",
        "scale": str(view.settings.scale),
        "threshold": f"{view.settings.threshold:g}",
        "softness": f"{view.settings.softness:g}",
        "radius px": f"{radius:.1f}",
    }
    return png_with_provenance(bokeh(picture.pixels, focus.values, radius), facts)
