"""The page "Focus": the picture, the model, and how it classifies the bokeh picture."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.analysis.explanation import Explanation
from attnviz.export.base import ExportSource
from attnviz.models.vision_model import VisionModel
from attnviz.render.focus import FocusMap, Scale
from attnviz.types import Pixels
from attnviz.ui.components.viewer import Pick, View, layer_names, viewer
from attnviz.ui.kit.explain_picture import explain_photo
from attnviz.ui.kit.explanation_cache import (
    bokeh_predictions,
    explanation_key,
    rendered_bokeh,
    view_key,
    viewer_payload,
)
from attnviz.ui.kit.found_picker import choose_at
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.known_things import show_known
from attnviz.ui.kit.method_picker import pick_method
from attnviz.ui.kit.model_picker import pick_model
from attnviz.ui.kit.page_frame import LINK_KEYS, page_frame, show_notes
from attnviz.ui.kit.pickers import Photo, pick_picture
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.kit.sanity_warnings import warn_if_insensitive
from attnviz.ui.kit.savable import export_source
from attnviz.ui.kit.save_menu import Savable, save_menu, stem_of
from attnviz.ui.kit.target_fields import move_to
from attnviz.ui.kit.turns import pictures_first
from attnviz.ui.kit.url_state import current_view, returns, share_view, went_back
from attnviz.ui.kit.without_classes import offer_features
from attnviz.ui.pages.focus.edges import chosen_edges, edges_turn, with_edges
from attnviz.ui.pages.focus.live_webcam import (
    LiveSubject,
    offer_webcam,
    show_webcam,
    takes_long,
    wants_webcam,
)
from attnviz.ui.pages.focus.over_time import ShownVideo, show_video, wants_frames
from attnviz.ui.pages.focus.panels import show_asked, show_predictions
from attnviz.ui.pages.focus.server_view import plain_view
from attnviz.ui.pages.focus.tapping import (
    TAP,
    leave_tap,
    show_tap,
    tap_turn,
    tapped_view,
    with_tap,
    without_tap,
)

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
    look: str = ""


def show() -> None:
    """Draw the page."""
    lead = "What the model attends to stays sharp. The rest falls out of focus."
    with page_frame("attnviz", lead):
        photo = pick_picture(offer_webcam)
        # On a phone the columns stand below each other: the picture, then the model.
        main, beside = st.columns([10, 4], gap="medium")
        side = beside.container(key="focus-side")
        tap = side.container()
        with side:
            subject = _pick_subject(photo)
        if subject is not None and (
            _shows_webcam(subject, main, side) or _shows_video(subject, main, side)
        ):
            return
        if subject is not None:
            _show_stage(subject, main, side)
            with tap, guarded():
                show_tap(with_tap(subject.explanation), subject.model)


def _pick_subject(photo: Photo | None) -> FocusSubject | None:
    """Let the user choose a model and a question; None while there is nothing to show."""
    model = pick_model()
    if photo is None or model is None:
        st.info("Choose a picture and a model to see where the model looks.")
        return None
    look = pick_method(model)
    share_view(current_view(), *LINK_KEYS)  # at once: a method may take long, or wait
    if wants_webcam() and takes_long(model, look):
        return None
    explanation = explain_photo(photo.shown, model, look)
    return None if explanation is None else FocusSubject(photo, model, explanation, look)


def _shows_webcam(subject: FocusSubject, main: DeltaGenerator, side: DeltaGenerator) -> bool:
    """Show the live webcam in place of the photo, if it is open."""
    if not wants_webcam():
        return False
    kept = _first_view(subject)
    shown_view = with_edges(kept, subject.explanation)
    live = LiveSubject(subject.model, subject.look, subject.explanation)
    view = show_webcam(live, shown_view, main, side)
    share_view(chosen_edges(view, shown_view, kept), *LINK_KEYS)
    return True


def _shows_video(subject: FocusSubject, main: DeltaGenerator, side: DeltaGenerator) -> bool:
    """Show the frames of a video, unless there is none, or its first frame is wanted."""
    if subject.photo.video is None:
        return False
    with main:
        if not wants_frames():
            return False
    video = subject.photo.video()
    show_video(ShownVideo(video, subject.model, subject.look, subject.explanation), main, side)
    return True


def _show_stage(subject: FocusSubject, main: DeltaGenerator, side: DeltaGenerator) -> None:
    """Show the viewer with what can be saved, the results beside it, and the rest folded."""
    subject = replace(subject, explanation=with_tap(subject.explanation))
    with main, guarded():
        view = _pick_view(subject)
        pictures_first()
        _offer_files(subject, view)
        show_notes(subject.explanation.notes)
        warn_if_insensitive(subject.explanation)
    with side, guarded():
        _show_side(subject, view)
    _show_facts(subject, view)


def _offer_files(subject: FocusSubject, view: View) -> None:
    photo, explanation = subject.photo, subject.explanation
    shown = Savable(
        ExportSource,
        lambda: export_source(photo.whole(), explanation, view),
        stem_of(photo.title, explanation.asked_text),
        model=subject.model,
    )
    save_menu([shown], key="focus-files")


def _pick_view(subject: FocusSubject) -> View:
    """Show the viewer, or pictures rendered by the server if the browser cannot draw it.

    The view goes into the session and the link.
    """
    explanation = subject.explanation
    kept = _first_view(subject)
    shown_view = with_edges(kept, explanation)
    if st.session_state.get("no webgl"):
        view = plain_view(explanation, shown_view, partial(_rendered, explanation))
        share_view(chosen_edges(view, shown_view, kept), *LINK_KEYS)
        return view
    key = explanation_key(explanation)
    with_mattes: set[tuple[str, ...]] = st.session_state.setdefault("mattes", set())
    if shown_view.outline:
        with_mattes.add(key)  # retained, or each switch would send everything again
    with st.spinner("Finding the objects …") if shown_view.outline else nullcontext():
        shown = (*key, explanation.picture.name)  # an upload's name is its visitor's own
        payload = viewer_payload(shown, key in with_mattes, explanation)
    origin = f"{_origin(subject)} {edges_turn(shown_view)} {tap_turn()}"
    events = viewer(payload, key="viewer", view=shown_view, origin=origin)
    if not events.webgl:
        st.session_state["no webgl"] = True
        run_again()
    view = _fitting(events.view, explanation)
    chosen = chosen_edges(view, shown_view, kept)
    tapped = None
    picked = events.picked
    if picked is not None and _asks_at(subject, picked):
        run_again()
    elif picked is not None and subject.model.spec.outputs is None:
        tapped = tapped_view(explanation, picked, view, chosen)
    share_view(tapped or chosen, *LINK_KEYS, TAP)
    if tapped or (view.outline and key not in with_mattes):
        run_again()
    return view


def _asks_at(subject: FocusSubject, picked: Pick) -> bool:
    """Ask about a tapped point what is asked about a point, or what is found there."""
    asked = [one.target for one in subject.explanation.asked if one.target.point is not None]
    if asked:
        leave_tap()
        move_to(asked[0], picked.x, picked.y)
        return True
    finds = subject.model.spec.outputs is not None
    picture = subject.explanation.picture
    return finds and choose_at(picture, subject.model, picked.x, picked.y)


def _first_view(subject: FocusSubject) -> View:
    """The stored view; a new network or method starts at its best layer."""
    view, origin = current_view(), _origin(subject)
    if st.session_state.get("layer of") not in (None, origin) and not went_back():
        view = view.at("")
    st.session_state["layer of"] = origin
    return _fitting(without_tap(view, subject.explanation), subject.explanation)


def _fitting(view: View, explanation: Explanation) -> View:
    """Adapt the view to a layer and a scale that these maps have."""
    if view.layer not in layer_names(explanation):
        view = view.at(explanation.best_layer)
    if view.scale is Scale.ABSOLUTE and not explanation.choice.method.shares:
        view = replace(view, scale=Scale.LAYER)
    return view


def _origin(subject: FocusSubject) -> str:
    explanation = subject.explanation
    what = f"{subject.model.name} {explanation.method} {explanation.choice.question}"
    return f"{what} {returns()}"


def _rendered(explanation: Explanation, view: View) -> tuple[FocusMap, Pixels]:
    return rendered_bokeh(explanation_key(explanation), view_key(view), explanation, view)


def _show_side(subject: FocusSubject, view: View) -> None:
    """Show what was asked, and what the network decides."""
    explanation = subject.explanation
    if explanation.explained_class is None and explanation.asked:
        st.html('<h2 class="av-title">What you asked</h2>')
        show_asked(explanation.asked)
        if explanation.point is not None:
            st.caption("A tap on the picture asks about the point there.")
    if subject.model.spec.outputs is None:  # what others find stands beside the picture
        _show_decision(explanation, subject.model, view)
    st.html(f'<p class="av-eye">{EYE}</p>')


def _show_decision(explanation: Explanation, model: VisionModel, view: View) -> None:
    """Show the predictions before and after the blur, or that there are none."""
    st.html('<h2 class="av-title">What the model sees</h2>')
    if not model.has_classes:
        offer_features(model, ", so it gives no verdict. What stays sharp is what it attends to.")
        return
    _, blurred = _rendered(explanation, view)
    listed = show_known(model.labels)
    after = bokeh_predictions(explanation_key(explanation), view_key(view), model, blurred)
    doubt = explanation.certainty.doubt if explanation.certainty else None
    show_predictions(explanation.predictions, after, explanation.explained_class, doubt)
    if model.spec.note and not listed:
        st.caption(plain_text(model.spec.note))


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
            st.markdown(_measured_text(explanation, view.layer))
        if photo.credit:
            st.markdown(plain_text(photo.credit))
        st.table({key: [plain_text(value)] for key, value in explanation.provenance.items()})


def _measured_text(explanation: Explanation, layer: str) -> str:
    """Say what was chosen by measurement: the method, and the layer if it is the one shown."""
    best = "of this model's maps that were measured {} answered best *{}*."
    question = plain_text(str(explanation.choice.question))
    if layer == explanation.best_layer:
        chosen = "This map and layer were chosen by measurement: "
        return chosen + best.format("they", question)
    name = plain_text(explanation.best_layer)
    return "You chose this layer: " + best.format(f"that of {name}", question)
