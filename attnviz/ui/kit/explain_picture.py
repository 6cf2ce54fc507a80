"""Explaining a picture: immediately if one pass is enough, on request if it takes many."""

from __future__ import annotations

from functools import cache, partial

import streamlit as st

from attnviz.analysis.explain import explain, method_cost, predict
from attnviz.analysis.explanation import Explanation
from attnviz.methods import METHODS
from attnviz.methods.base import Method, Nature
from attnviz.methods.questions import is_slow
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.progress import Progress
from attnviz.ui.kit.cache import cached_explanation
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.pace import Pace
from attnviz.ui.kit.url_state import linked, show_titles, start_choice

_TARGET = "target"
_TOP = ""


def explain_photo(picture: Picture, model: VisionModel, look: str) -> Explanation | None:
    """Explain a picture; if the maps depend on a class, the user can choose it.

    Parameters
    ----------
    picture : Picture
        The picture.
    model : VisionModel
        The network.
    look : str
        Name of a question or a method.

    Returns
    -------
    Explanation or None
        None until the user starts a method that needs many passes.
    """
    if is_slow(look):
        return _explain_on_request(picture, model, look)
    top = _explain(picture, model, look, None)
    if not _has_class(type(top.choice.method)) or not top.predictions:
        return top
    pinned = _pick_class(model, [one.label for one in top.predictions])
    return _explain(picture, model, look, pinned) if pinned else top


def _explain(picture: Picture, model: VisionModel, look: str, target: str | None) -> Explanation:
    with st.spinner("Computing …", show_time=True):
        return cached_explanation(
            (picture.sha256, picture.name), model.key, look, target, model, picture
        )


def _has_class(method: type[Method]) -> bool:
    """Whether a method's maps depend on a class."""
    return method.nature is Nature.RELEVANCE and not method.classless


@st.cache_data(max_entries=256, ttl="2h", show_spinner=False)
def _likely(
    picture_key: tuple[str, str], model_key: tuple[str, ...], _model: VisionModel, _picture: Picture
) -> list[str]:
    """The most probable classes of a picture."""
    del picture_key, model_key
    return [one.label for one in predict(_model, _picture)]


def _pick_class(model: VisionModel, likely: list[str]) -> str:
    """Let the user pin a class, here beside the map; empty while the top prediction is followed."""
    wanted = st.session_state.get(_TARGET) or linked(_TARGET)
    elsewhere = [wanted] if wanted in model.labels and wanted not in likely else []
    options = [_TOP, *likely, *elsewhere]
    start_choice(_TARGET, options, default=_TOP)
    titles = {label: label for label in options} | {_TOP: f"{likely[0]} (the top class)"}
    show_titles(_TARGET, titles)
    chosen = st.selectbox(
        "Class to explain",
        options,
        format_func=titles.__getitem__,
        key=_TARGET,
        persist_state="session",
        width=320,
        help="The top class follows the photo. A class that you choose stays, also for other "
        "photos, until you choose the top class again.",
    )
    return str(chosen)


def _explain_on_request(picture: Picture, model: VisionModel, look: str) -> Explanation | None:
    """Show the cost, wait for a click on the button, and show progress; any click stops it."""
    picture_key, pinned = (picture.sha256, picture.name), ""
    if _has_class(METHODS.get(look)):
        likely = _likely(picture_key, model.key, model, picture)
        pinned = _pick_class(model, likely) if likely else ""

    cost = cache(partial(method_cost, model, picture, look))  # finding it may take passes

    def say() -> str:
        forward, backward = cost().forward, cost().backward
        also = f" and {backward:,} backward" if backward else ""
        return (
            f"{plain_text(METHODS.get(look).title)} needs many passes through the network: "
            f"{forward:,} forward{also} passes for this picture."
        )

    def work(progress: Progress) -> Explanation:
        return explain(model, picture, look, pinned or None, progress=progress)

    key = (*picture_key, *model.key, look, pinned)
    pace = Pace(f"look {look}", model, picture, cost)
    return long_work("look", key, say, work, pace=pace)
