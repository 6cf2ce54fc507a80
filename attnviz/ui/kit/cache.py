"""Results that pages share between runs, each cache with a size limit.

Keys are names and checksums; networks and pictures are passed with a leading underscore, so that
Streamlit does not try to hash them.
"""

from __future__ import annotations

import hashlib
import math
from contextlib import suppress
from pathlib import Path

import streamlit as st

from attnviz.analysis.explain import explain, predict
from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.models.device import free_memory
from attnviz.models.loading import load_model
from attnviz.models.spec import ModelSpec
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import find_weights
from attnviz.pictures import Picture, open_picture, open_sample
from attnviz.pictures.limits import MEGABYTE
from attnviz.progress import Progress
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusMap
from attnviz.targets import Target
from attnviz.types import Pixels
from attnviz.ui.components.thumbnails.packing import thumbnail_jpeg
from attnviz.ui.components.viewer import Payload, View, content_of, pack, with_mattes
from attnviz.ui.kit.videos import open_upload

SHOWN_SIDE = 1280
MOST_VALUES = 16 * MEGABYTE


def _release(model: VisionModel) -> None:
    free_memory(model.device)


@st.cache_resource(max_entries=2, show_spinner=False, on_release=_release)
def cached_model(
    name: str, device: str, side: int | None, weights: str, _spec: ModelSpec
) -> VisionModel:
    """Load a network once for all sessions; at most two stay in memory.

    Parameters
    ----------
    name : str
        Name of the network.
    device : str
        As for `torch.device`.
    side : int or None
        Side of the input in px; None for the network's default.
    weights : str
        From `weights_key`: two visitors may have files of the same name.
    _spec : ModelSpec
        The network's description.

    Returns
    -------
    VisionModel
        The network.

    Notes
    -----
    The weights must be on disk already (`fetch_weights`): a cached function must not draw on the
    page, because Streamlit would repeat the drawing on every cache hit.
    """
    del name, weights
    return load_model(_spec, device, input_size=side)


def weights_key(spec: ModelSpec) -> str:
    """Return a key that changes with the file of a network's weights."""
    ref = spec.weights
    if ref is None or ref.embedded is None:
        return ""
    return f"{ref.embedded} {file_version(ref.embedded)}"


def fetch_weights(spec: ModelSpec, progress: Progress) -> None:
    """Download a network's weights, if they are missing, once per session.

    Parameters
    ----------
    spec : ModelSpec
        The network.
    progress : Progress
        Called with the bytes downloaded.

    Raises
    ------
    WeightsError
        If the weights cannot be downloaded.
    """
    fetched: set[str] = st.session_state.setdefault("fetched", set())
    if spec.name not in fetched and spec.weights is not None:
        find_weights(spec.weights, progress)
        fetched.add(spec.name)


@st.cache_resource(max_entries=64, ttl="2h", show_spinner=False)
def shown_upload(checksum: str, name: str, _source: bytes) -> Picture:
    """Open an uploaded picture at display size.

    Parameters
    ----------
    checksum : str
        SHA-256 of the file.
    name : str
        Name of the file.
    _source : bytes
        Content of the file.

    Returns
    -------
    Picture
        At most `SHOWN_SIDE` px on the longer side.

    Raises
    ------
    PictureError
        If the file is neither a picture nor a video, or too large.

    Notes
    -----
    The full-size picture (150 MB for 50 megapixels) is not cached, but opened again for saving.
    The values of a file's own channels are kept up to 16 MB.
    """
    del checksum
    return open_upload(_source, name=name).reduced(SHOWN_SIDE).lightened(MOST_VALUES)


@st.cache_resource(max_entries=16, show_spinner=False)
def shown_sample(name: str) -> Picture:
    """Open a sample photo at display size."""
    return open_sample(name).reduced(SHOWN_SIDE)


@st.cache_data(max_entries=256, ttl="2h", show_spinner=False)
def thumbnail(checksum: str, _picture: Picture) -> bytes:
    """Make the JPEG thumbnail of a picture for the row of pictures."""
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


@st.cache_resource(max_entries=64, ttl="2h", show_spinner=False)
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


@st.cache_resource(max_entries=48, ttl="2h", show_spinner=False)
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


@st.cache_data(max_entries=256, ttl="2h", show_spinner=False)
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


def file_version(path: Path) -> tuple[int, ...]:
    """Return a key that changes with the file, even within a tick of the file system's clock.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple of int
        Modification time in ns, size and inode; empty if the file cannot be reached.
    """
    with suppress(OSError):
        facts = path.stat()
        return facts.st_mtime_ns, facts.st_size, facts.st_ino
    return ()
