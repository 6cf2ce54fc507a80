"""The server that looks in the place of this process, where one is set up."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.errors import NotServedError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.serving.client import LookServer
from attnviz.targets import Target
from attnviz.targets.text import as_targets
from attnviz.ui.kit.turns import stepping_aside, tell_wait


@st.cache_resource(show_spinner=False)
def _server() -> LookServer | None:
    return LookServer.from_environment()


def explained_by_server(
    picture_key: tuple[str, str],
    model_key: tuple[str, ...],
    method: str,
    target: str | None,
    _model: VisionModel,
    _picture: Picture,
    _asked: tuple[Target, ...] = (),
) -> Explanation | None:
    """Ask the server for what `cached_explanation` computes.

    Parameters
    ----------
    picture_key, model_key, method, target, _model, _picture, _asked
        As for `cached_explanation`.

    Returns
    -------
    Explanation or None
        None where there is no server, or it cannot be asked this.

    Raises
    ------
    ServerError
        The server gives no answer, or stays too busy.
    AttnvizError
        What the look itself raises.
    """
    del picture_key, model_key
    server = _server()
    if server is None:
        return None
    targets = as_targets(_asked or target)
    with stepping_aside():
        request = server.request(_model, _picture, method, targets)
        if request is None:
            return None
        try:
            return server.explain(_model, request, targets, tell_wait)
        except NotServedError:
            return None
