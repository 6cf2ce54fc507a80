"""Opening a file with one's own network; it then appears in every list of models."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from attnviz.errors import AttnvizError, WeightsError
from attnviz.hosting import Hosting
from attnviz.models.black_box.onnx_runtime import SUFFIX as ONNX
from attnviz.models.black_box.opened import Colours, black_box_file
from attnviz.models.labels import labels_of
from attnviz.models.loading import load_model
from attnviz.models.own_weights import with_weights
from attnviz.models.spec import ModelSpec
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.model_list import opened_weights
from attnviz.ui.kit.temporary_folders import temporary_folder
from attnviz.words import listed

_FOLDER, _FILE, _NETWORK, _CLASSES, _PROBLEM, _SIDE, _COLOURS = (
    f"own weights {what}"
    for what in ("folder", "file", "network", "classes", "problem", "side", "colours")
)
_MOST = 4  # files of a session
_LARGEST = 512  # MB
_LARGEST_SIDE = 2048  # px
_STATES = (".safetensors", ".pth", ".pt")
_ONNX_HELP = " ONNX is a network by itself: what it looks at is found by hiding parts of the photo."


def offer_own_weights(networks: Mapping[str, ModelSpec], key: str) -> None:
    """Show a form that opens a file of weights, or an ONNX file where that is allowed.

    Parameters
    ----------
    networks : mapping of str to ModelSpec
        The networks that the weights may belong to.
    key : str
        Key of the choice of a model; it is set to the opened network.
    """
    st.markdown("**Open your own network**")
    hosting = Hosting.from_environment()
    file = st.file_uploader(
        f"File of weights (a state dict){', or ONNX' if hosting.onnx else ''}",
        type=[suffix[1:] for suffix in _suffixes()],
        key=_FILE,
        max_upload_size=hosting.largest_upload(_LARGEST),
        help="Weights belong to a network of the list." + (_ONNX_HELP if hosting.onnx else ""),
    )
    if file is not None and _suffix(file.name) == ONNX:
        _ask_about_inputs()
    else:
        own = opened_weights()
        names = [name for name, spec in networks.items() if spec not in own]
        st.selectbox("Network that they belong to", names, key=_NETWORK)
    st.text_area(
        "Names of the classes, one a line",
        key=_CLASSES,
        height=96,
        help="In the order of the outputs. Leave empty for the network's own classes.",
    )
    if problem := st.session_state.get(_PROBLEM):  # above the button: below it is out of sight
        st.error(plain_text(problem))
    st.button("Open", disabled=file is None, on_click=_open, args=(networks, key))


def _ask_about_inputs() -> None:
    """Ask what an ONNX file need not say of its input."""
    st.number_input(
        "Side of its input in pixels",
        min_value=1,
        max_value=_LARGEST_SIDE,
        value=None,
        key=_SIDE,
        placeholder="as the file says",
        help="Files with dynamic axes take any size. Give the one that the network learned with.",
    )
    st.selectbox(
        "Colours of its input",
        list(Colours),
        key=_COLOURS,
        help="As in the preprocessing with which the network learned.",
    )


def _open(networks: Mapping[str, ModelSpec], key: str) -> None:
    """Keep the file for this session, check that it fits, and choose the network."""
    file = st.session_state.get(_FILE)
    st.session_state[_PROBLEM] = ""
    if file is None:
        return
    if isinstance(file, DeletedFile):
        st.session_state[_PROBLEM] = "The file is no longer here. Add it again."
        return
    try:
        spec = _spec(_kept(file.name, file.getvalue()), networks)
        load_model(spec, "cpu")  # what does not fit is reported here, not on the page
    except AttnvizError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    except OSError as error:
        st.session_state[_PROBLEM] = f"The file cannot be stored ({error.strerror or error})."
        return
    opened = opened_weights()
    opened[:] = [spec, *(other for other in opened if other.name != spec.name)][:_MOST]
    st.session_state[key] = spec.name


def _spec(path: Path, networks: Mapping[str, ModelSpec]) -> ModelSpec:
    """The network of a file, as the form describes it."""
    try:
        labels = labels_of(str(st.session_state.get(_CLASSES, "")))
    except ValueError as error:
        raise WeightsError(f"The list of names cannot be read: {error}. Shorten it.") from error
    if _suffix(path.name) == ONNX:
        side, colours = st.session_state.get(_SIDE), st.session_state.get(_COLOURS)
        return black_box_file(path, labels, side, Colours(colours or Colours.NORMALISED))
    base = st.session_state.get(_NETWORK)
    if base not in networks:
        raise WeightsError(f"Choose the network to which {path.name} belongs.")
    return with_weights(networks[str(base)], path, labels)


def _kept(name: str, content: bytes) -> Path:
    """Write the file into a folder that goes with the session."""
    if _FOLDER not in st.session_state:
        st.session_state[_FOLDER] = temporary_folder("weights")
    folder: tempfile.TemporaryDirectory[str] = st.session_state[_FOLDER]
    plain = PurePath(name.replace("\\", "/")).name
    if _suffix(plain) not in (suffixes := _suffixes()):  # the browser alone has checked it so far
        raise WeightsError(f"{plain} is no {listed(suffixes)} file. Convert it.")
    path = Path(folder.name) / plain
    path.write_bytes(content)
    return path


def _suffixes() -> tuple[str, ...]:
    """What names of files may end in."""
    return (*_STATES, ONNX) if Hosting.from_environment().onnx else _STATES


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()
