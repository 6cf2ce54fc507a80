"""Networks that all sessions share.

Keys are names and checksums; the description of a network is passed with a leading underscore, so
that Streamlit does not try to hash it.
"""

from __future__ import annotations

import streamlit as st

from attnviz.models.loading import load_model
from attnviz.models.spec import ModelSpec
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import find_weights
from attnviz.progress import Progress
from attnviz.ui.kit.file_version import file_version
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.kit.turns import stepping_aside


@shared(CacheShelf.MODELS)
def cached_model(
    name: str, device: str, side: int | None, weights: str, _spec: ModelSpec
) -> VisionModel:
    """Load a network once for all sessions.

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
        with stepping_aside():
            find_weights(spec.weights, progress)
        fetched.add(spec.name)
