"""A round and its replay on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from attnviz.ui.components.base.bundle import bundled

FOLDER = Path(__file__).resolve().parent
_CSS = (FOLDER / "bubbles.css").read_text(encoding="utf-8")
_JS = bundled(FOLDER, {})
_PLAY, _REPLAY = (
    st.components.v2.component(
        f"attnviz.bubbles.{name}",
        html=(FOLDER / f"{name}.html").read_text(encoding="utf-8"),
        css=_CSS,
        js=_JS,
    )
    for name in ("play", "replay")
)


def play_round(blob: bytes, *, key: str) -> Any:
    """Let a round be played.

    Args:
        blob: from `pack_round`.
        key: of the widget.

    Returns:
        None until the round is over; then, in that run alone, what the browser says of it: a
        mapping with `id` (of the blob) and what `bubbleview.rounds.round_from` reads. It may
        be anything.
    """
    answer = _PLAY(key=key, data=blob, on_round_change=_noted, height="content")
    return answer.round


def show_replay(blob: bytes, *, key: str) -> None:
    """Show a round and the network's beside it, from `pack_replay`."""
    _REPLAY(key=key, data=blob, height="content")


def _noted() -> None:
    """A message is read from the result; Streamlit wants a callback for it to be there."""
