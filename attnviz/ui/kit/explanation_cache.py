"""Explanations that all sessions share, and what is made of them: payloads and bokeh pictures.

Keys are names and checksums; networks and pictures are passed with a leading underscore, so that
Streamlit does not try to hash them.
"""

from __future__ import annotations

import hashlib
import math

from attnviz.analysis.explain import explain, predict
from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusMap
from attnviz.targets import Target
from attnviz.types import Pixels
from attnviz.ui.components.viewer import Payload, View, content_of, pack, with_mattes
from attnviz.ui.kit.look_server import explained_by_server
from attnviz.ui.kit.shared import CacheShelf, shared


@shared(CacheShelf.EXPLANATIONS, first=explained_by_server)
def cached_explanation(
    picture_key: tuple[str, str],
    model_key: tuple[str, ...],
    method: str,
    target: str | None,
    _model: VisionModel,
    _picture: Picture,
    _asked: tuple[Target, ...] = (),
) -> Explanation:
    """Compute the maps of all layers, once for each picture, network, method and target.

    Parameters
    ----------
    picture_key : (str, str)
        SHA-256 and name of the picture. The name is included because names of uploads are private
        to their session.
    model_key : tuple of str
        Key of the network.
    method : str
        Name of a method or a question.
    target : str or None
        Label of the class to explain, or the text of `_asked`; None for the top prediction.
    _model : VisionModel
        The network.
    _picture : Picture
        The picture.
    _asked : tuple of Target
        What to explain, if it is more than a label.

    Returns
    -------
    Explanation
        Maps and predictions.
    """
    del picture_key, model_key
    return explain(_model, _picture, method, _asked or target)


@shared(CacheShelf.PAYLOADS)
def viewer_payload(key: tuple[str, ...], outline: bool, _explanation: Explanation) -> Payload:
    """Pack an explanation for the viewer.

    Parameters
    ----------
    key : tuple of str
        From `explanation_key`.
    outline : bool
        Whether to include the objects' mattes.
    _explanation : Explanation
        The explanation.

    Returns
    -------
    Payload
        All maps, the fused one last.
    """
    del key
    content = content_of(_explanation)
    return pack(with_mattes(content) if outline else content)


@shared(CacheShelf.PICTURES)
def rendered_bokeh(
    key: tuple[str, ...], look: tuple[object, ...], _explanation: Explanation, _view: View
) -> tuple[FocusMap, Pixels]:
    """Render a view of an explanation.

    Parameters
    ----------
    key : tuple of str
        From `explanation_key`.
    look : tuple
        From `view_key`.
    _explanation : Explanation
        The explanation.
    _view : View
        The view.

    Returns
    -------
    focus : FocusMap
        The focus of the view.
    picture : uint8 [H, W, 3]
        The picture with its surround in bokeh.
    """
    del key, look
    focus = _explanation.focus(_view.layer, _view.focus_settings())
    pixels = _explanation.picture.pixels
    radius = _view.radius * math.hypot(*pixels.shape[:2])
    shown = bokeh(
        pixels, focus.values, radius, aperture=_view.aperture, highlights=_view.highlights
    )
    return focus, shown


@shared(CacheShelf.EXPLANATIONS)
def bokeh_predictions(
    key: tuple[str, ...], look: tuple[object, ...], _model: VisionModel, _pixels: Pixels
) -> tuple[Prediction, ...]:
    """Classify the bokeh picture.

    Parameters
    ----------
    key, look : tuple
        As for `rendered_bokeh`.
    _model : VisionModel
        The network.
    _pixels : uint8 [H, W, 3]
        The bokeh picture.

    Returns
    -------
    tuple of Prediction
        All classes, best first.
    """
    del key, look
    return predict(_model, open_picture(_pixels, name="bokeh"), count=None)


def explanation_key(explanation: Explanation) -> tuple[str, ...]:
    """Return a cache key that determines an explanation's maps."""
    target = explanation.target_text
    model = explanation.provenance["weights sha256"]
    size = str(explanation.geometry.input_size)
    pointed = explanation.pointed
    point = "" if pointed is None else hashlib.sha256(pointed.tobytes()).hexdigest()
    return (explanation.picture.sha256, model, size, explanation.method, target, point)


def view_key(view: View) -> tuple[object, ...]:
    """Return a cache key that, with the explanation, determines the bokeh picture."""
    return (view.layer, view.radius, str(view.focus_settings()), view.aperture, view.highlights)
