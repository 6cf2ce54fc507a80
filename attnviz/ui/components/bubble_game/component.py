"""Mounts a round, and its replay, on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnviz.ui.components.base.component import no_op, register

FOLDER = Path(__file__).resolve().parent
_PLAY, _REPLAY = (
    register(f"attnviz.bubble_game_{name}", FOLDER, html=f"{name}.html", css="bubbles.css")
    for name in ("play", "replay")
)


def play_round(blob: bytes, *, key: str) -> Any:
    """Let the user play a round.

    Parameters
    ----------
    blob : bytes
        From `pack_round`.
    key : str
        Key of the widget.

    Returns
    -------
    Any
        None until the round is over; then, in that run only, the browser's message: a mapping with
        `id` (of the blob) and the fields that `bubbleview.rounds.parse_round` reads. It is
        unchecked.
    """
    answer = _PLAY(key=key, data=blob, on_round_change=no_op, height="content")
    return answer.round


def show_replay(blob: bytes, *, key: str) -> None:
    """Show a round beside the network's, packed by `pack_replay`."""
    _REPLAY(key=key, data=blob, height="content")
