"""The sample photos as a set, for whoever has no results yet."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.models.device import choose_device
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.samples import list_samples, sample_path
from attnviz.ui.kit.model_cache import cached_model, fetch_weights, weights_key
from attnviz.ui.kit.model_list import listed_models
from attnviz.ui.kit.temporary_folders import temporary_folder
from attnviz.ui.kit.turns import turn_of

_KNOWN = "set sample folder"
_KEPT: list[TemporaryDirectory[str]] = []  # removed when the server ends


def sample_folder() -> Path:
    """Return the results of the network to start with on the sample photos.

    They are computed the first time, in some seconds, for all visitors.
    """
    known: Path | None = st.session_state.get(_KNOWN)
    if known is None or not known.is_dir():
        known = st.session_state[_KNOWN] = _found()
    return known


def _found() -> Path:
    spec = next(iter(listed_models().values()))
    device = choose_device("auto").type
    fetch_weights(spec, lambda *_: None)
    model = cached_model(spec.name, device, None, weights_key(spec), spec)
    with turn_of("sample set"):  # before Streamlit's own lock, so that its holder has a slot
        return _computed(model.key, model)


def sample_of(path: str) -> str:
    """Return the name of the sample photo at a path; empty if it is none."""
    return sample_paths().get(path, "")


@st.cache_resource(show_spinner=False)
def sample_paths() -> dict[str, str]:
    """Return the names of the sample photos by their paths."""
    return {str(sample_path(one.name)): one.name for one in list_samples()}


@st.cache_resource(show_spinner=False)
def _computed(key: tuple[str, ...], _model: VisionModel) -> Path:
    del key
    _KEPT.append(temporary_folder("sample"))
    files = [PictureFile(path, group=name) for path, name in sample_paths().items()]
    return BatchRun(_model, files)(Path(_KEPT[-1].name) / "results").path
