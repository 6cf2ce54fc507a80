"""Cached results of the page "Eye", each cache with a size limit."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.analysis.kinds import network_kinds
from attnviz.errors import AttnvizError
from attnviz.methods.questions import Question, has_spatial_attention
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.ui.kit.explanation_cache import cached_explanation, explanation_key
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.pages.eye.packing import pack
from attnviz.ui.pages.eye.scanpaths import GazePath, model_gaze_path, saliency_gaze_paths

_TITLES = {Question.ATTENTION: "The model's attention", Question.DECISION: "The model's decision"}


@shared(CacheShelf.EXPLANATIONS)
def _cached_saliency_paths(checksum: str, _picture: Picture) -> tuple[GazePath, ...]:
    del checksum  # part of the cache key
    return saliency_gaze_paths(_picture.pixels)


def gaze_paths(
    picture: Picture, model: VisionModel | None
) -> tuple[tuple[GazePath, ...], list[str]]:
    """Compute all scanpaths of a picture.

    Parameters
    ----------
    picture : Picture
        The picture as displayed.
    model : VisionModel, optional
        Adds scanpaths on its attention and on its decision.

    Returns
    -------
    paths : tuple of GazePath
        The model's first, then those of bottom-up saliency.
    notes : list of str
        Why a scanpath is missing.
    """
    paths: list[GazePath] = []
    notes: list[str] = []
    if model is not None:
        for question in Question:
            try:
                if _is_applicable(model, picture, question):
                    paths.append(_model_path(model, picture, question))
            except AttnvizError as error:  # saliency needs no model
                notes.append(f"{_TITLES[question]}: {error}")
    return (*paths, *_cached_saliency_paths(picture.sha256, picture)), notes


def _is_applicable(model: VisionModel, picture: Picture, question: Question) -> bool:
    """Every network decides; only some have spatial attention."""
    if question is Question.DECISION:
        return True
    return has_spatial_attention(network_kinds(model, picture))


def _model_path(model: VisionModel, picture: Picture, question: Question) -> GazePath:
    picture_key = (picture.sha256, picture.name)
    explanation = cached_explanation(picture_key, model.key, question, None, model, picture)
    return _cached_model_path(explanation_key(explanation), question, explanation)


@shared(CacheShelf.EXPLANATIONS)
def _cached_model_path(key: tuple[str, ...], question: str, _explanation: Explanation) -> GazePath:
    del key
    return model_gaze_path(_TITLES[Question(question)], _explanation)


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
def packed_blob(key: tuple[str, ...], _picture: Picture, _paths: Sequence[GazePath]) -> bytes:
    """Pack picture and scanpaths for the browser; equal keys must mean equal content.

    Parameters
    ----------
    key : tuple of str
        Determines picture and scanpaths.
    _picture : Picture
        The picture as displayed.
    _paths : sequence of GazePath
        Its scanpaths.

    Returns
    -------
    bytes
        The blob.
    """
    del key
    return pack(_picture, _paths)
