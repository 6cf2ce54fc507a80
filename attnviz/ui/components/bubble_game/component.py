"""A round and its replay on the page."""

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
    """Let a round be played.

    Parameters
    ----------
    blob
        From `pack_round`.
    key
        Key of the widget.

    Returns
    -------
    Any
        None until the round is over; then, in that run alone, what the browser says of it: a
        mapping with `id` (of the blob) and what `bubbleview.rounds.parse_round` reads. It may be
        anything.
    """
    answer = _PLAY(key=key, data=blob, on_round_change=no_op, height="content")
    return answer.round


def show_replay(blob: bytes, *, key: str) -> None:
    """Show a round and the network's beside it, from `pack_replay`."""
    _REPLAY(key=key, data=blob, height="content")
