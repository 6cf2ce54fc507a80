"""Mounts the eye on a page and reads its events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from attnviz.ui.components.base.component import no_op, register
from attnviz.ui.components.eye.save_request import SaveRequest
from attnviz.viewer.bundle import shaders

FOLDER = Path(__file__).resolve().parent
_MOUNT = register(
    "attnviz.eye", FOLDER, html="eye.html", css="eye.css", assets={"shaders": shaders(FOLDER)}
)


@dataclass(frozen=True)
class EyeEvents:
    """Events that the browser reported.

    Attributes
    ----------
    save_request : SaveRequest or None
        The picture that the user has just asked to save.
    webgl : bool
        False if the browser cannot draw the picture; the page then shows pictures rendered by the
        server.
    """

    save_request: SaveRequest | None
    webgl: bool


def eye(blob: bytes, *, key: str) -> EyeEvents:
    """Show a packed picture with its scanpaths; unchanged bytes are not sent again.

    Parameters
    ----------
    blob : bytes
        From `pack`.
    key : str
        Key of the widget, unique on its page.

    Returns
    -------
    EyeEvents
        What the browser reported in this run.
    """
    result = _MOUNT(
        key=key,
        data=blob,
        height="content",
        default={"webgl": True},
        on_webgl_change=no_op,
        on_save_request_change=no_op,
    )
    return EyeEvents(SaveRequest.from_untrusted(result.save_request), result.webgl is not False)
