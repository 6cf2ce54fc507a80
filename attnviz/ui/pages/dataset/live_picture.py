"""The chosen picture in the viewer: explained anew by the run's network, or as it was stored."""

from __future__ import annotations

from typing import Any

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.batch.rows import BEST, SEEN, geometry_of
from attnviz.batch.stored_maps import StoredMaps
from attnviz.errors import AttnvizError, OutputError, TargetError
from attnviz.export.base import ExportSource
from attnviz.methods.questions import is_slow
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import is_here
from attnviz.pictures.names import base_name, file_stem
from attnviz.targets import Target, TextContext
from attnviz.targets.text import parse_targets
from attnviz.ui.components.viewer import Content, Layer, View, content_of
from attnviz.ui.kit.explanation_cache import cached_explanation, explanation_key
from attnviz.ui.kit.findings import bar_html
from attnviz.ui.kit.guard import guarded, plain_text, show_error
from attnviz.ui.kit.hand_over import EVIDENCE, FOCUS, turn_to
from attnviz.ui.kit.map_view import show_maps
from attnviz.ui.kit.model_list import listed_models
from attnviz.ui.kit.model_picker import ready_model
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.kit.pickers import known_picture
from attnviz.ui.kit.savable import export_source
from attnviz.ui.kit.save_menu import Savable, save_menu
from attnviz.ui.pages.dataset.original import RowPicture, picture_of_row
from attnviz.ui.pages.dataset.results import OpenedSet
from attnviz.ui.pages.dataset.small import small_pictures

_VIEWER, _LOOKED_AT = "set viewer", "set looked at"


def look_at(opened: OpenedSet, clicked: int | None, device: str) -> None:
    """Show a row's picture in the viewer, what is known of it, and the way to other pages.

    It lies above the page until it is closed, also while the page is drawn again.

    Parameters
    ----------
    opened : OpenedSet
        The set.
    clicked : int or None
        Number of the row that was just clicked.
    device : str
        Where the network runs.
    """
    if clicked is not None:
        st.session_state[_LOOKED_AT] = (opened.key, clicked)
    key, number = st.session_state.get(_LOOKED_AT, (None, 0))
    if key != opened.key:
        return
    row = opened.results.row(number)
    title = plain_text(base_name(str(row["path"])))
    st.dialog(title, width="large", on_dismiss=_close)(_show_picture)(opened, number, row, device)


def _close() -> None:
    st.session_state.pop(_LOOKED_AT, None)


def _show_picture(opened: OpenedSet, number: int, row: dict[str, Any], device: str) -> None:
    if row["error"] is not None:
        st.caption(plain_text(str(row["error"])))
        return
    with guarded():
        picture = picture_of_row(opened, number, row)
    if picture.note:
        st.caption(plain_text(picture.note))
    left, right = st.columns([10, 3], gap="medium")
    with right:
        _show_numbers(row)
        _offer_pages(opened, number, picture)
    with left, guarded():
        _show_maps(opened, number, row, picture, device)


def _show_maps(
    opened: OpenedSet, number: int, row: dict[str, Any], picture: RowPicture, device: str
) -> None:
    question = opened.results.question
    model = None
    if is_slow(question["method"]):
        st.caption("The method takes many passes, so the maps are those that the run has stored.")
    else:
        model = _model(opened, device)
    asked = None if model is None else _asked(question, model)
    if model is None or asked is None:
        key = (*opened.key, str(number), picture.shown.sha256)
        show_maps(_VIEWER, key, _stored(opened, row, picture), f"{opened.key} {number}")
        return
    explanation = _explained(question, asked, model, picture)
    show_notes(explanation.notes)
    first = View().at(explanation.best_layer)
    key = (*explanation_key(explanation), explanation.picture.name)
    show_maps(_VIEWER, key, content_of(explanation), f"{opened.key} {number}", first)
    view: View = st.session_state.get(f"{_VIEWER} view", first)
    if view.layer not in (*explanation.layers, ""):
        view = view.at("")
    shown = Savable(
        ExportSource,
        lambda: export_source(picture.whole(), explanation, view),
        file_stem(picture.shown.name),
        model=model,
    )
    save_menu([shown], key="set-files")


def _model(opened: OpenedSet, device: str) -> VisionModel | None:
    """The run's network; None if it is not here, with a sentence that says so."""
    question = opened.results.question
    name = question["model"]
    spec = listed_models().get(name)
    if spec is None or not is_here(spec):
        st.caption(
            f"{plain_text(name)} is not on this computer, so the maps are those that the run has "
            "stored."
        )
        return None
    model = ready_model(spec, device)
    if model is not None and model.weights_sha256 != question["weights"]:
        st.caption(
            f"{plain_text(name)} has other weights here than in the run, so the maps are those "
            "that the run has stored."
        )
        return None
    seen = opened.results.manifest["question"].get("preprocessing")
    if model is not None and seen and seen != model.preprocess.described():
        st.caption(
            f"{plain_text(name)} was given its pictures in another way in the run, such as larger, "
            "so the maps are those that the run has stored."
        )
        return None
    return model


def _asked(question: dict[str, str], model: VisionModel) -> tuple[Target, ...] | None:
    """What the run asked; None if it cannot be asked here, with a sentence that says so."""
    text = question["target"]
    try:
        return parse_targets(text, TextContext(model.labels, known_picture)) if text else ()
    except TargetError as error:
        st.caption(f"{plain_text(str(error))} The maps are those that the run has stored.")
        return None


def _explained(
    question: dict[str, str], asked: tuple[Target, ...], model: VisionModel, picture: RowPicture
) -> Explanation:
    with st.spinner("Computing …", show_time=True):
        return cached_explanation(
            (picture.shown.sha256, picture.shown.name), model.key, question["method"],
            question["target"] or None, model, picture.shown, asked,
        )  # fmt: skip


def _stored(opened: OpenedSet, row: dict[str, Any], picture: RowPicture) -> Content:
    """The maps that the run has written, for the viewer."""
    if any(row[name] is None for name in (*SEEN, "width", "height")):
        raise OutputError(
            "These results do not say which part of the picture the network saw. Run `attnviz "
            "batch` again to see their maps in the viewer."
        )
    layers = StoredMaps(opened.results.folder).layers(int(row["index"]))
    pixels = picture.shown.pixels
    geometry = geometry_of(row).resized(pixels.shape[:2])
    shown = [Layer(name, values) for name, values in layers.items()]
    return Content(
        pixels, geometry, shown, "As the run stored it", str(row["method"]),
        name=file_stem(picture.shown.name), folds=True,
    )  # fmt: skip


def _show_numbers(row: dict[str, Any]) -> None:
    bars = "".join(
        bar_html(str(label), f"{chance:.2f}", min(max(chance, 0.0), 1.0), "var(--av-primary)")
        for label, chance in (
            (row[f"top{rank}"], row[f"probability{rank}"]) for rank in range(1, BEST + 1)
        )
        if label is not None and chance is not None
    )
    if bars:
        st.html(f'<div class="av-bars">{bars}</div>')
    facts = [str(row["path"])]
    if row["group"]:
        facts.append(f"group {row['group']}")
    facts.append(f"{row['width']} x {row['height']} px")
    st.caption(plain_text(" · ".join(facts)))


def _offer_pages(opened: OpenedSet, number: int, picture: RowPicture) -> None:
    """Buttons that take the picture to other pages."""
    question = opened.results.question
    known = listed_models().get(question["model"])
    model = question["model"] if known is not None and is_here(known) else ""
    with st.container(horizontal=True):
        for title, icon, page in (
            ("Open in Focus", "center_focus_strong", FOCUS),
            ("Open in Evidence", "fact_check", EVIDENCE),
        ):
            if st.button(title, key=f"set to {page}", icon=f":material/{icon}:"):
                small, _ = small_pictures(opened.key, number, opened)
                try:
                    key = picture.key(small)
                except AttnvizError as error:
                    show_error(error)
                    return
                _close()
                look = question["method"] if model else ""
                turn_to(page, key, model=model, look=look, target=question["target"])
