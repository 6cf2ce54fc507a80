"""What a model may see at a point of the picture: its likely classes with evidence there."""

from __future__ import annotations

import html

import streamlit as st

from attnviz.analysis.class_maps import ClassMaps, likely_maps
from attnviz.analysis.classes_at_point import classes_at
from attnviz.errors import AttnvizError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.shared import CacheShelf, shared

_SHOWN = 4


@shared(CacheShelf.EXPLANATIONS)
def likely_classes(key: tuple[str, ...], _model: VisionModel, _picture: Picture) -> ClassMaps:
    """Compute the maps of the likeliest classes, the candidates for any point.

    Parameters
    ----------
    key : tuple of str
        Determines picture and network.
    _model : VisionModel
        The network.
    _picture : Picture
        The picture.

    Returns
    -------
    ClassMaps
        One map per class, the most probable first.
    """
    del key
    return likely_maps(_model, _picture)


def show_candidates(picture: Picture, model: VisionModel, x: float, y: float) -> None:
    """Name the likely classes with evidence at a point, with bars for how much they have there.

    Parameters
    ----------
    picture : Picture
        The picture.
    model : VisionModel
        The network; where its classes have no maps, its own sentence about that is shown.
    x, y : float
        The point in 0..1 from the picture's left and top.
    """
    if not model.has_classes:
        st.caption(
            "The model names no classes, so it has no name for this. The page **Features** shows "
            "what it takes to be alike."
        )
        return
    try:
        with st.spinner("Asking the model …"):
            maps = likely_classes((picture.sha256, *model.key), model, picture)
    except AttnvizError as error:
        st.caption(plain_text(str(error)))
        return
    there = classes_at(maps, x, y)[:_SHOWN]
    if not there:
        st.caption("None of the model's likely classes has relevance at this point.")
        return
    bars = "".join(
        f'<div class="av-bar"><div class="av-row"><span>{html.escape(one.label)}</span>'
        f'<span class="av-num">{one.probability:.2f}</span></div><div class="av-track">'
        f'<b style="width:{100 * min(one.relative, 1):.0f}%"></b></div></div>'
        for one in there
    )
    st.html(f'<p class="av-verdict">Here the model may see:</p><div class="av-bars">{bars}</div>')
    st.caption("Bars: relevance at the point, of its peak. Numbers: probability of the class.")
