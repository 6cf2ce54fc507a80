"""A picture to play with: one that the person has not just seen and the model knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from attnviz.analysis.explain import predict
from attnviz.errors import AttnvizError
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import is_here
from attnviz.pictures import SampleInfo, list_samples
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.model_list import listed_models
from attnviz.ui.kit.model_picker import choose_model
from attnviz.ui.kit.pickers import SAMPLE_PREFIX
from attnviz.ui.kit.picture_cache import shown_sample
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.kit.url_state import linked
from attnviz.ui.pages.you_and_the_model.state import ORDER, PICTURE, SIDE, was_revealed

_CHOSEN_FOR = "bubbles chosen for"  # (model, picture) of the last choice that the page made
_ELSEWHERE = "bubbles elsewhere"
_OFFERED = 2


@contextmanager
def own_picture(*, stays: bool) -> Iterator[str | None]:
    """Let the pickers choose this page's picture, apart from the one that other pages show.

    Parameters
    ----------
    stays : bool
        Whether the last run was of this page: a photo that was added since is then for it.

    Yields
    ------
    str or None
        Key of the picture of the other pages, which the person has just seen.
    """
    elsewhere = st.session_state.pop("picture", None)
    if stays and elsewhere and elsewhere != st.session_state.get(_ELSEWHERE):
        st.session_state[PICTURE] = elsewhere
        elsewhere = st.session_state.get(_ELSEWHERE)
    st.session_state[_ELSEWHERE] = elsewhere
    asked = linked(PICTURE) or linked("picture")
    if PICTURE not in st.session_state and asked:
        st.session_state[PICTURE] = asked
    if PICTURE in st.session_state:
        st.session_state["picture"] = st.session_state[PICTURE]
    try:
        yield elsewhere
    finally:
        if "picture" in st.session_state:
            st.session_state[PICTURE] = st.session_state["picture"]
        if elsewhere is None:
            st.session_state.pop("picture", None)
        else:
            st.session_state["picture"] = elsewhere


def choose_for(model: VisionModel | None, elsewhere: str | None) -> None:
    """Choose a picture, unless the person or a link has chosen one; again for another model."""
    name = "" if model is None else model.name
    order = order_to_play(known_samples(model), {elsewhere})
    st.session_state[ORDER] = order
    before, chosen = st.session_state.get(_CHOSEN_FOR), st.session_state.get("picture")
    if chosen is not None and before in (None, (name, chosen)):
        return
    if before is not None and before[1] != chosen:  # since then the person has chosen
        return
    if order:
        st.session_state["picture"] = order[0]
        st.session_state[_CHOSEN_FOR] = (name, order[0])


def order_to_play(known: Collection[str], seen: Collection[str | None]) -> list[str]:
    """Sort the sample photos: unseen before seen, and of each those first that the model knows.

    Parameters
    ----------
    known : collection of str
        Keys of the samples that the model gets right.
    seen : collection of str
        Keys of pictures that the person has seen sharp and large.

    Returns
    -------
    list of str
        Keys.
    """
    keys = [SAMPLE_PREFIX + sample.name for sample in list_samples()]
    return sorted(keys, key=lambda key: (key in seen or _played(key), key not in known))


def _played(key: str) -> bool:
    try:
        return was_revealed(shown_sample(key.removeprefix(SAMPLE_PREFIX)).reduced(SIDE).sha256)
    except AttnvizError:  # a damaged sample cannot have been played
        return False


def known_samples(model: VisionModel | None) -> frozenset[str]:
    """Return the keys of the sample photos whose class the model names."""
    if model is None:
        return frozenset()
    return _known(model.key, model)


@shared(CacheShelf.EXPLANATIONS)
def _known(key: tuple[str, ...], _model: VisionModel) -> frozenset[str]:
    del key
    return frozenset(
        SAMPLE_PREFIX + sample.name
        for sample in list_samples()
        if set(sample.classes) & set(_model.labels) and _names(_model, sample)
    )


def _names(model: VisionModel, sample: SampleInfo) -> bool:
    try:
        (top,) = predict(model, shown_sample(sample.name), count=1)
    except AttnvizError:
        return False
    return top.label in sample.classes


def show_if_unknown(picture: str, model: VisionModel | None) -> None:
    """Say that a sample photo shows nothing that the model knows, and offer models that may."""
    if model is None or not model.has_classes or not picture.startswith(SAMPLE_PREFIX):
        return
    if picture in known_samples(model):
        return
    st.info(
        f"{plain_text(model.spec.title)} does not know what this picture shows, so the model's "
        "side is a guess. Bring a photo of something that it knows, or choose another model."
    )
    with st.container(horizontal=True):
        for name, title, sample in _knowing(model.name)[:_OFFERED]:
            st.button(
                plain_text(f"{sample.title} with {title}"), key=f"play {name} {sample.name}",
                on_click=_play_with, args=(name, SAMPLE_PREFIX + sample.name),
            )  # fmt: skip


def _knowing(besides: str) -> Sequence[tuple[str, str, SampleInfo]]:
    """Models on this computer with a class for a sample photo that was not played yet."""
    return [
        (spec.name, spec.title, sample)
        for spec in listed_models().values()
        if spec.name != besides and is_here(spec)
        for sample in list_samples()
        if set(sample.classes) & set(spec.labels)
        and not _played(SAMPLE_PREFIX + sample.name)
        and SAMPLE_PREFIX + sample.name != st.session_state.get("picture")
    ]


def _play_with(model: str, picture: str) -> None:
    choose_model(model)
    st.session_state[PICTURE] = picture
    st.session_state.pop(_CHOSEN_FOR, None)
