"""Choosing a picture, a network, and a question or method."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from attnviz.errors import AttnvizError, PictureError
from attnviz.methods.base import Method
from attnviz.methods.questions import Question, methods_for, questions_for
from attnviz.models.catalogue import list_models
from attnviz.models.device import DeviceInfo, list_devices
from attnviz.models.spec import ModelSpec
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureLimits, list_samples, open_picture, open_sample
from attnviz.pictures.limits import MEGABYTE
from attnviz.pictures.names import PICTURE_SUFFIXES
from attnviz.ui.components.thumbnails import Thumbnail, pick_thumbnail
from attnviz.ui.kit.cache import cached_model, fetch_weights, shown_sample, shown_upload, thumbnail
from attnviz.ui.kit.guard import show_error
from attnviz.ui.kit.input_size import SIZE, pick_side
from attnviz.ui.kit.url_state import linked, start_choice

FILE_TYPES = sorted(suffix[1:] for suffix in PICTURE_SUFFIXES)
DEFAULT_SAMPLE = "china"
SAMPLE_PREFIX = "sample:"
# Choices of these pickers that a link contains.
PICKER_KEYS = ("picture", "model", SIZE)


@dataclass(frozen=True)
class Photo:
    """A picture that the user can choose.

    Attributes
    ----------
    shown : Picture
        The picture at display size.
    whole : callable
        Opens the picture at its original size.
    title : str
        For an upload the file's name, which must be escaped.
    credit : str
        Author, licence and source, if known.
    """

    shown: Picture
    whole: Callable[[], Picture]
    title: str
    credit: str = ""


def pick_picture() -> Photo | None:
    """Let the user choose an upload or a sample photo; None if no picture can be opened."""
    return next(iter(pick_from_row().values()), None)


def pick_from_row() -> dict[str, Photo]:
    """Show a row of uploads, followed by the sample photos, to choose one.

    Returns
    -------
    dict of str to Photo
        All pictures by key, the chosen one first. Files that cannot be opened are left out, and a
        message names them.

    Notes
    -----
    `st.session_state["picture"]` holds the key of the chosen picture: an upload's SHA-256, or
    `sample:` and a name.
    """
    choose, upload = st.columns([3, 2])
    with upload:
        files = st.file_uploader(
            "Your photos", type=FILE_TYPES, accept_multiple_files=True, key="uploads",
            max_upload_size=math.ceil(PictureLimits.from_environment().max_bytes / MEGABYTE),
        )  # fmt: skip
    photos = _uploaded(files or [])
    uploads = list(photos)
    photos |= _samples()
    if "picture" not in st.session_state and linked("picture") in photos:
        st.session_state["picture"] = linked("picture")
    _follow_uploads(uploads, list(photos))
    if not photos:
        return {}
    row = [
        Thumbnail(key, photo.title, thumbnail(photo.shown.sha256, photo.shown))
        for key, photo in photos.items()
    ]
    with choose:
        picked = pick_thumbnail(row, st.session_state["picture"], key="pictures")
    if picked is not None:
        st.session_state["picture"] = picked
    chosen: str = st.session_state["picture"]
    return {chosen: photos[chosen]} | photos


def _samples() -> dict[str, Photo]:
    """The sample photos; shows a message for each damaged file."""
    photos: dict[str, Photo] = {}
    for sample in list_samples():
        credit = f"Photo: {sample.credit} {sample.licence}. {sample.source}"
        try:
            shown = shown_sample(sample.name)
        except PictureError as error:
            show_error(error)
        else:
            whole = partial(open_sample, sample.name)
            photos[SAMPLE_PREFIX + sample.name] = Photo(shown, whole, sample.title, credit)
    return photos


def _uploaded(files: Sequence[Any]) -> dict[str, Photo]:
    """Uploaded pictures by checksum; shows a message for each file that is not a picture."""
    photos: dict[str, Photo] = {}
    for file in files:
        source = file.getvalue()
        checksum = hashlib.sha256(source).hexdigest()
        try:
            shown = shown_upload(checksum, file.name, source)
        except PictureError as error:
            show_error(error)
        else:
            whole = partial(open_picture, source, name=file.name)
            photos[checksum] = Photo(shown, whole, shown.name)
    return photos


def _follow_uploads(uploads: Sequence[str], keys: Sequence[str]) -> None:
    """Choose a new upload when it arrives, and another picture if the chosen one is removed."""
    known: list[str] = st.session_state.get("known_uploads", [])
    fresh = [key for key in uploads if key not in known]
    st.session_state["known_uploads"] = list(uploads)
    first = SAMPLE_PREFIX + DEFAULT_SAMPLE
    if fresh:
        st.session_state["picture"] = fresh[0]
    elif st.session_state.get("picture") not in keys and keys:
        st.session_state["picture"] = first if first in keys and not uploads else keys[0]


def pick_device() -> str:
    """Let the user choose a device in the sidebar; the fastest is the default.

    Returns
    -------
    str
        The device, as for `torch.device`.
    """
    devices = {device.key: device for device in list_devices()}
    chosen = st.sidebar.selectbox(
        "Device",
        list(devices),
        format_func=lambda key: _device_title(devices[key]),
        key="device",
        persist_state="session",
        help="Default: CUDA, then MPS, then CPU.",
    )
    return str(chosen)


def _device_title(device: DeviceInfo) -> str:
    memory = device.memory_bytes
    return f"{device.name} · {memory / 1e9:.0f} GB" if memory else device.name


def pick_model() -> VisionModel | None:
    """Let the user choose a model, its device and its input size, and load it.

    Returns
    -------
    VisionModel or None
        None if it cannot be downloaded or loaded; a message says why.
    """
    device = pick_device()
    specs = {spec.name: spec for spec in list_models()}
    start_choice("model", specs)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Model",
            list(specs),
            format_func=lambda key: model_title(specs[key]),
            key="model",
            persist_state="session",
            help="Models that do not ship with attnviz are downloaded on first use.",
        )
        side = pick_side(specs[str(name)])
    return ready_model(str(name), device, side)


def ready_model(name: str, device: str, side: int | None = None) -> VisionModel | None:
    """Download and load a network.

    Parameters
    ----------
    name : str
        Name of the model in the catalogue.
    device : str
        As for `torch.device`.
    side : int, optional
        Side of the input in px; default: the network's own.

    Returns
    -------
    VisionModel or None
        None if it cannot be downloaded or loaded; a message says why.
    """
    bar = st.empty()

    def show(done: int, total: int | None) -> None:
        text = f"Downloading {name}: {done / 1e6:.0f} MB"
        if total:
            bar.progress(min(done / total, 1.0), f"{text} of {total / 1e6:.0f} MB")
        else:
            bar.info(text)

    try:
        fetch_weights(name, show)
        return cached_model(name, device, side)
    except AttnvizError as error:
        show_error(error)
        return None
    finally:
        bar.empty()


def model_title(spec: ModelSpec) -> str:
    """Return a model's name with the size of its download, if any."""
    if spec.embedded:
        return f"{spec.title} · ships with attnviz"
    size = f" · {spec.download_bytes / 1e6:.0f} MB" if spec.download_bytes else ""
    return f"{spec.title}{size}"


QUESTION_TITLES = {
    Question.ATTENTION: "What does it attend to?",
    Question.DECISION: "What does the decision rest on?",
}


def method_title(method: type[Method]) -> str:
    """Return a method's name, its nature, and whether it needs many passes."""
    slow = " · many passes" if method.many_passes else ""
    return f"{method.title} · {method.nature}{slow}"


def pick_method(model: VisionModel) -> str:
    """Let the user choose a question or a method that the network supports; return its name."""
    questions = questions_for(model.spec)
    # Methods that need many passes come last.
    methods = sorted(methods_for(model.spec), key=lambda method: method.many_passes)
    fitting = [method.name for method in methods]
    titles = {str(question): text for question, text in QUESTION_TITLES.items()}
    titles |= {method.name: method_title(method) for method in methods}
    options = [*map(str, questions), *fitting]
    start_choice("look", options)
    return str(
        st.selectbox(
            "Show",
            options,
            format_func=lambda name: titles[name],
            key="look",
            persist_state="session",
            help="A question is answered by the map that scored best in measurements. "
            "Below the questions: all methods that fit this model.",
        )
    )
