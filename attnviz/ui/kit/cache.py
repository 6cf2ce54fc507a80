"""Everything the app keeps between runs, with a bound on each.

Keys are names and checksums; what they stand for is handed over with a leading underscore, so that
Streamlit does not try to hash networks and pictures.
"""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import streamlit as st

from attnviz.analysis.explain import explain, predict
from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.models.catalogue import find_model
from attnviz.models.device import free_memory
from attnviz.models.loading import load_model
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import find_weights
from attnviz.pictures import Picture, open_picture, open_sample
from attnviz.progress import Progress
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusMap, FocusSettings
from attnviz.render.object_matte import object_mattes
from attnviz.types import Pixels
from attnviz.ui.components.thumbnails.packing import thumbnail_jpeg
from attnviz.ui.components.viewer import Payload, View, content_of, layer_names, pack

SHOWN_SIDE = 1280


def _release(model: VisionModel) -> None:
    free_memory(model.device)


@st.cache_resource(max_entries=2, show_spinner=False, on_release=_release)
def cached_model(name: str, device: str, side: int | None) -> VisionModel:
    """The network for inputs of that side (its own if None), loaded once for all sessions.

    At most two are kept.

    Its weights are on the disk already (`fetch_weights`): nothing may be drawn on the page in here,
    for Streamlit would draw it again each time the cache answers.
    """
    return load_model(find_model(name), device, input_size=side)


def fetch_weights(name: str, progress: Progress) -> None:
    """Download what the network needs, once in a session; raises WeightsError."""
    fetched: set[str] = st.session_state.setdefault("fetched", set())
    spec = find_model(name)
    if name not in fetched and spec.weights is not None:
        find_weights(spec.weights, progress)
        fetched.add(name)


@st.cache_resource(max_entries=64, ttl="2h", show_spinner=False)
def shown_upload(checksum: str, name: str, _source: bytes) -> Picture:
    """An uploaded picture at the size at which the page shows it; raises PictureError.

    The whole picture (150 MB for 50 megapixels) is let go, and opened again if it is saved.
    """
    del checksum
    return open_picture(_source, name=name).reduced(SHOWN_SIDE)


@st.cache_resource(max_entries=16, show_spinner=False)
def shown_sample(name: str) -> Picture:
    """A sample photo at the size at which the page shows it."""
    return open_sample(name).reduced(SHOWN_SIDE)


@st.cache_data(max_entries=256, ttl="2h", show_spinner=False)
def thumbnail(checksum: str, _picture: Picture) -> bytes:
    """A picture as it stands in the row to choose from."""
    del checksum
    return thumbnail_jpeg(_picture.pixels)


@st.cache_resource(max_entries=64, ttl="2h", show_spinner=False)
def cached_explanation(
    picture_key: tuple[str, str],
    model_key: tuple[str, ...],
    method: str,
    target: str | None,
    _model: VisionModel,
    _picture: Picture,
) -> Explanation:
    """All layers' maps, computed once for each picture, network, method and class.

    The picture's name is part of its key: another session's name for the same bytes is private.
    """
    del picture_key, model_key
    return explain(_model, _picture, method, target)


@st.cache_resource(max_entries=64, ttl="2h", show_spinner=False)
def viewer_payload(key: tuple[str, ...], outline: bool, _explanation: Explanation) -> Payload:
    """What the viewer needs of an explanation; with the objects' mattes only if they are wanted."""
    del key
    mattes = None
    if outline:
        settings = FocusSettings()
        fields = [_explanation.focus(layer, settings).scaled for layer in layer_names(_explanation)]
        mattes = object_mattes(_explanation.picture.pixels, fields)
    return pack(content_of(_explanation, mattes))


@st.cache_resource(max_entries=48, ttl="2h", show_spinner=False)
def rendered_bokeh(
    key: tuple[str, ...], look: tuple[object, ...], _explanation: Explanation, _view: View
) -> tuple[FocusMap, Pixels]:
    """The focus of a view, and the picture with its surround in bokeh."""
    del key, look
    focus = _explanation.focus(_view.layer, _view.focus_settings())
    pixels = _explanation.picture.pixels
    radius = _view.radius * math.hypot(*pixels.shape[:2])
    shown = bokeh(
        pixels, focus.values, radius, aperture=_view.aperture, highlights=_view.highlights
    )
    return focus, shown


@st.cache_data(max_entries=256, ttl="2h", show_spinner=False)
def bokeh_predictions(
    key: tuple[str, ...], look: tuple[object, ...], _model: VisionModel, _pixels: Pixels
) -> tuple[Prediction, ...]:
    """What the network sees in the bokeh picture: all classes, best first."""
    del key, look
    return predict(_model, open_picture(_pixels, name="bokeh"), count=None)


def explanation_key(explanation: Explanation) -> tuple[str, ...]:
    """What decides an explanation's maps."""
    target = explanation.target.label if explanation.target else ""
    model = explanation.provenance["weights sha256"]
    size = str(explanation.geometry.input_size)
    return (explanation.picture.sha256, model, size, explanation.method, target)


def view_key(view: View) -> tuple[object, ...]:
    """What decides the bokeh picture of an explanation."""
    return (view.layer, view.radius, str(view.focus_settings()), view.aperture, view.highlights)


def file_version(path: Path) -> tuple[int, ...]:
    """Changes when the file does, also within one tick of the file system's clock.

    Empty where there is none, or it is out of reach.
    """
    with suppress(OSError):
        facts = path.stat()
        return facts.st_mtime_ns, facts.st_size, facts.st_ino
    return ()
