"""Explaining a picture: immediately if one pass is enough, on request if it takes many."""

from __future__ import annotations

from functools import cache, partial

import streamlit as st

from attnviz.analysis.detect import asks_for_place
from attnviz.analysis.explain import explain, method_cost, predict
from attnviz.analysis.explanation import Explanation
from attnviz.errors import MethodError
from attnviz.methods import METHODS
from attnviz.methods.base import Method
from attnviz.methods.questions import by_scores, is_slow
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.progress import Progress
from attnviz.targets import Target
from attnviz.targets.text import format_targets
from attnviz.ui.kit.explanation_cache import cached_explanation
from attnviz.ui.kit.found_picker import pick_found
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.pace import Pace
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.kit.target_picker import pick_target

_ANY = "grad-cam"  # explains any score


def explain_photo(picture: Picture, model: VisionModel, look: str) -> Explanation | None:
    """Explain a picture; if the maps depend on what is asked, the user can choose it.

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
    if not model.spec.observable:  # each question takes many passes, too
        look = by_scores(look, model.spec)
    if is_slow(look):
        return _explain_on_request(picture, model, look)
    if asks_for_place(model, look):
        asked = pick_found(picture, model, look, _method(look))
        return _explain(picture, model, look, asked) if asked else None
    try:
        top = _explain(picture, model, look)
    except MethodError:
        if model.has_classes:
            raise
        top = None  # relevance, and no class that it could be for
    method = type(top.choice.method) if top else _method(look)
    likely = [one.label for one in top.predictions] if top else []
    asked = pick_target(model, likely, look, method, sure=top.sure if top else True)
    if asked:
        return _explain(picture, model, look, asked)
    if top is None:
        st.info("This network names no classes. Choose what the map is to explain.")
    return top


def _explain(
    picture: Picture, model: VisionModel, look: str, asked: tuple[Target, ...] = ()
) -> Explanation:
    text = format_targets(asked) or None
    with st.spinner("Computing …", show_time=True):
        return cached_explanation(
            (picture.sha256, picture.name), model.key, look, text, model, picture, asked
        )


def _method(look: str) -> type[Method]:
    """The method of that name; for a question one that explains any score."""
    return METHODS.get(look if look in METHODS else _ANY)


@shared(CacheShelf.EXPLANATIONS)
def _likely(
    picture_key: tuple[str, str], model_key: tuple[str, ...], _model: VisionModel, _picture: Picture
) -> list[str]:
    """The most probable classes of a picture."""
    del picture_key, model_key
    return [one.label for one in predict(_model, _picture)]


def _explain_on_request(picture: Picture, model: VisionModel, look: str) -> Explanation | None:
    """Show the cost, wait for a click on the button, and show progress; any click stops it."""
    picture_key, method = (picture.sha256, picture.name), METHODS.get(look)
    asked: tuple[Target, ...] = ()
    if asks_for_place(model, look):
        asked = pick_found(picture, model, look, method)
    elif method.depends_on_score():
        likely = _likely(picture_key, model.key, model, picture)
        asked = pick_target(model, likely, look, method)

    cost = cache(partial(method_cost, model, picture, look))  # finding it may take passes

    def say() -> str:
        forward, backward = cost().forward, cost().backward
        also = f" and {backward:,} backward" if backward else ""
        return (
            f"{plain_text(method.title)} needs many passes through the network: "
            f"{forward:,} forward{also} passes for this picture."
        )

    def work(progress: Progress) -> Explanation:
        return explain(model, picture, look, asked or None, progress=progress)

    key = (*picture_key, *model.key, look, format_targets(asked))
    pace = Pace(f"look {look}", model, picture, cost)
    return long_work("look", key, say, work, pace=pace)
