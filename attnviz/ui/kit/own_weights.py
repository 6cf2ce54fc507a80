"""Opening a file with one's own weights; the network then appears in every list of models."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePath

import streamlit as st

from attnviz.errors import AttnvizError, WeightsError
from attnviz.models.loading import load_model
from attnviz.models.own_weights import with_weights
from attnviz.models.spec import ModelSpec
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.model_list import opened_weights

_FOLDER, _FILE, _NETWORK, _CLASSES, _PROBLEM = (
    f"own weights {what}" for what in ("folder", "file", "network", "classes", "problem")
)
_MOST = 4  # files of a session
_SUFFIXES = ("safetensors", "pth", "pt")


def offer_own_weights(networks: Mapping[str, ModelSpec], key: str) -> None:
    """Show a form that opens a file of weights.

    Parameters
    ----------
    networks : mapping of str to ModelSpec
        The networks that the weights may belong to.
    key : str
        Key of the choice of a model; it is set to the opened network.
    """
    st.markdown("**Open your own weights**")
    st.selectbox(
        "Network that they belong to",
        [name for name, spec in networks.items() if spec not in opened_weights()],
        key=_NETWORK,
    )
    file = st.file_uploader("File of weights (a state dict)", type=_SUFFIXES, key=_FILE)
    st.text_area(
        "Names of the classes, one a line",
        key=_CLASSES,
        height=96,
        help="In the order of the outputs. Leave empty for the network's own classes.",
    )
    st.button("Open", disabled=file is None, on_click=_open, args=(networks, key))
    if problem := st.session_state.get(_PROBLEM):
        st.error(plain_text(problem))


def _open(networks: Mapping[str, ModelSpec], key: str) -> None:
    """Keep the file for this session, check that it fits, and choose the network."""
    file, base = st.session_state.get(_FILE), st.session_state.get(_NETWORK)
    st.session_state[_PROBLEM] = ""
    if file is None or base not in networks:
        return
    labels = [line.strip() for line in str(st.session_state.get(_CLASSES, "")).splitlines()]
    try:
        path = _kept(file.name, file.getvalue())
        spec = with_weights(networks[str(base)], path, [label for label in labels if label])
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


def _kept(name: str, content: bytes) -> Path:
    """Write the file into a folder that goes with the session."""
    if _FOLDER not in st.session_state:
        st.session_state[_FOLDER] = tempfile.TemporaryDirectory(prefix="attnviz-weights-")
    folder: tempfile.TemporaryDirectory[str] = st.session_state[_FOLDER]
    plain = PurePath(name.replace("\\", "/")).name
    if PurePath(plain).suffix.lstrip(".") not in _SUFFIXES:
        raise WeightsError(f"{plain} is not a .safetensors, .pth or .pt file. Convert it.")
    path = Path(folder.name) / plain
    path.write_bytes(content)
    return path
