"""The page "Focus": the viewer, and how the model classifies the bokeh picture."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.export.base import Export, ExportSource, exports
from attnviz.export.focus_picture import FocusPicture
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.render.focus import FocusMap, Scale
from attnviz.types import Pixels
from attnviz.ui.components.viewer import Pick, View, layer_names, viewer
from attnviz.ui.kit.cache import (
    bokeh_predictions,
    explanation_key,
    rendered_bokeh,
    view_key,
    viewer_payload,
)
from attnviz.ui.kit.explain_picture import explain_photo
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.page_frame import (
    LINK_KEYS,
    page_frame,
    require_photo_model_and_method,
    show_notes,
)
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.kit.sanity_warnings import warn_if_insensitive
from attnviz.ui.kit.url_state import current_view, share_view
from attnviz.ui.pages.focus.panels import show_point, show_predictions
from attnviz.ui.pages.focus.server_view import plain_view

EYE = (
    "Light from what you look at falls on the fovea, and there it is sharp; attention chooses "
    "what that is. Blur here shows attention, not distance."
)


@dataclass(frozen=True)
class FocusSubject:
    """A picture, a network, and the explanation of its prediction."""

    photo: Photo
    model: VisionModel
    explanation: Explanation


def show() -> None:
    """Draw the page."""
    lead = "What the model attends to stays sharp. The rest falls out of focus."
    with page_frame("attnviz", lead):
        subject = require_photo_model_and_method(
            "Choose a picture and a model to see where the model looks."
        )
        explanation = explain_photo(subject.photo.shown, subject.model, subject.look)
        if explanation is not None:
            _show_stage(FocusSubject(subject.photo, subject.model, explanation))


@st.fragment
def _show_stage(subject: FocusSubject) -> None:
    """Show the viewer and the results beside it; its controls rerun only this fragment."""
    with st.container():  # also without notes, so that the elements below keep their positions
        show_notes(subject.explanation.notes)
        warn_if_insensitive(subject.explanation)
    main, side = st.columns([10, 3], gap="medium")
    with main, guarded():
        view, picked = _pick_view(subject)
    share_view(view, *LINK_KEYS)
    with side, guarded():
        _show_side(subject, view, picked)
    _show_facts(subject, view)


def _pick_view(subject: FocusSubject) -> tuple[View, Pick | None]:
    """Show the viewer, or pictures rendered by the server if the browser cannot draw it."""
    explanation = subject.explanation
    kept = _first_view(subject)
    if st.session_state.get("no webgl"):
        return plain_view(explanation, kept, partial(_rendered, explanation)), None
    key = explanation_key(explanation)
    with_mattes: set[tuple[str, ...]] = st.session_state.setdefault("mattes", set())
    if kept.outline:
        with_mattes.add(key)  # retained, or each switch would send everything again
    with st.spinner("Finding the objects …") if kept.outline else nullcontext():
        payload = viewer_payload(key, key in with_mattes, explanation)
    events = viewer(payload, key="viewer", view=kept, origin=_origin(subject))
    if not events.webgl:
        st.session_state["no webgl"] = True
        run_again()
    view = _fitting(events.view, explanation)
    if view.outline and key not in with_mattes:
        share_view(view, *LINK_KEYS)
        run_again()
    if events.picked is not None:
        st.session_state["picked"] = (key, events.picked)
    of, picked = st.session_state.get("picked", (None, None))
    return view, picked if of == key else None


def _first_view(subject: FocusSubject) -> View:
    """The stored view; a new network or method starts at its best layer."""
    view, origin = current_view(), _origin(subject)
    if st.session_state.get("layer of") not in (None, origin):
        view = view.at("")
    st.session_state["layer of"] = origin
    return _fitting(view, subject.explanation)


def _fitting(view: View, explanation: Explanation) -> View:
    """Adapt the view to a layer and a scale that these maps have."""
    if view.layer not in layer_names(explanation):
        view = view.at(explanation.best_layer)
    if view.scale is Scale.ABSOLUTE and not explanation.choice.method.shares:
        view = replace(view, scale=Scale.LAYER)
    return view


def _origin(subject: FocusSubject) -> str:
    explanation = subject.explanation
    return f"{subject.model.name} {explanation.method} {explanation.choice.question}"


def _rendered(explanation: Explanation, view: View) -> tuple[FocusMap, Pixels]:
    return rendered_bokeh(explanation_key(explanation), view_key(view), explanation, view)


def _show_side(subject: FocusSubject, view: View, picked: Pick | None) -> None:
    """Show the predictions before and after the blur, and the values at the clicked point."""
    explanation, model = subject.explanation, subject.model
    _, blurred = _rendered(explanation, view)
    st.html('<div class="av-title">What the model sees</div>')
    after = bokeh_predictions(explanation_key(explanation), view_key(view), model, blurred)
    show_predictions(explanation.predictions, after)
    if model.spec.note:
        st.caption(plain_text(model.spec.note))
    if picked is not None:
        show_point(explanation, picked.x, picked.y)
    st.html(f'<p class="av-eye">{EYE}</p>')


def _show_facts(subject: FocusSubject, view: View) -> None:
    explanation, photo = subject.explanation, subject.photo
    method = explanation.choice.method
    many, once = "computed in many passes", "computed in one pass over all layers"
    passes = many if method.many_passes else once
    with st.expander("Method and provenance"):
        st.markdown(
            f"**{method.title}**: `{method.formula}`  \n{plain_text(method.paper)}. "
            f"This is {method.nature}, {passes}."
        )
        if explanation.choice.measured:
            st.markdown(
                "This map and layer were chosen by measurement: of this model's maps that were "
                f"measured they answered best *{plain_text(str(explanation.choice.question))}*."
            )
        if photo.credit:
            st.markdown(plain_text(photo.credit))
        st.table({key: [plain_text(value)] for key, value in explanation.provenance.items()})
    chosen = exports().get(FocusPicture.name)()
    others = [kind() for kind in exports() if kind.name != FocusPicture.name]
    with st.container(horizontal=True):
        _offer(chosen, "Save the focus picture", photo, explanation, view)
        with st.popover("Other files", icon=":material/folder_zip:"):
            for other in others:
                _offer(other, other.title, photo, explanation, view)


def _offer(export: Export, label: str, photo: Photo, explanation: Explanation, view: View) -> None:
    """Show a button that renders the file from the photo at its original size when clicked."""
    st.download_button(
        label,
        data=lambda: export.write(_export_source(photo.whole(), explanation, view)),
        file_name=f"attnviz-{export.name}{export.suffix}",
        mime=export.mime,
        on_click="ignore",
        icon=":material/download:",
        help=(type(export).__doc__ or "").partition("\n")[0],
        key=f"export {export.name}",
    )


def _export_source(picture: Picture, explanation: Explanation, view: View) -> ExportSource:
    return ExportSource(
        picture,
        explanation,
        view.layer or explanation.best_layer,
        view.focus_settings(),
        radius=view.radius * math.hypot(*picture.pixels.shape[:2]),
        aperture=view.aperture,
        highlights=view.highlights,
    )
