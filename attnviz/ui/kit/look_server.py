"""The server that looks in the place of this process, where one is set up."""

from __future__ import annotations

import logging

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.errors import NotServedError, ServerBusyError, ServerError, SettingError
from attnviz.hosting import Hosting
from attnviz.methods.questions import is_slow
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.serving.client import LookServer
from attnviz.targets import Target
from attnviz.targets.text import as_targets
from attnviz.ui.kit.turns import forget_notice, stepping_aside, tell_wait

_LOG = logging.getLogger(__name__)


@st.cache_resource(show_spinner=False)
def _server() -> LookServer | None:
    return LookServer.from_environment()


def looks_elsewhere() -> bool:
    """Return whether photos travel to another computer, whose server looks."""
    try:
        server = _server()
    except SettingError:  # which is told where a page asks it; nothing travels
        return False
    return server is not None and not server.on_loopback


def asked_of_server(
    model: VisionModel, picture: Picture, method: str, asked: tuple[Target, ...] | str | None = None
) -> Explanation | None:
    """Ask the server for a look; the slot that is held here is given away meanwhile.

    Parameters
    ----------
    model : VisionModel
        The network.
    picture : Picture
        The picture.
    method : str
        Name of a method or a question.
    asked : tuple of Target or str, optional
        What to explain.

    Returns
    -------
    Explanation or None
        None where there is no server, or it cannot be asked this: then it is to be computed here,
        as also what takes many passes, which can be watched and stopped here.

    Raises
    ------
    ServerError
        The server gives no answer, or stays too busy.
    AttnvizError
        What the look itself raises.
    """
    server = _server()
    if server is None or is_slow(method):
        return None
    targets = as_targets(asked or None)
    try:
        with stepping_aside():
            request = server.request(model, picture, method, targets)
            if request is None:
                return None
            try:
                return server.explain(model, request, targets, tell_wait)
            finally:
                forget_notice()
    except NotServedError:
        return None
    except ServerBusyError:
        raise
    except ServerError as error:
        if not Hosting.from_environment().hosted:
            raise
        _LOG.error("%s", error)  # with the address, which is nobody's business who only visits
        raise ServerError("The maps cannot be computed now. Try again in a minute.") from error


def explained_by_server(
    picture_key: tuple[str, str],
    model_key: tuple[str, ...],
    method: str,
    target: str | None,
    _model: VisionModel,
    _picture: Picture,
    _asked: tuple[Target, ...] = (),
) -> Explanation | None:
    """Ask the server for what `cached_explanation` computes; arguments as there.

    Returns
    -------
    Explanation or None
        As `asked_of_server`.
    """
    del picture_key, model_key
    return asked_of_server(_model, _picture, method, _asked or target)
