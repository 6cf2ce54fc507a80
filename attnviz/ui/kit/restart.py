"""What a visitor loses when the server is started again: an open tab is told."""

from __future__ import annotations

import secrets
from contextlib import suppress

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.hosting import Hosting
from attnviz.ui.kit.model_list import opened_weights
from attnviz.ui.kit.photo_store import PHOTOS
from attnviz.ui.kit.trainings import known_runs
from attnviz.ui.kit.visitor import visitor
from attnviz.words import listed

SERVER = secrets.token_urlsafe(12)
"""What tells this server from one that is started later."""

_KINDS = {
    "photos": "your photos",
    "networks": "the networks that you opened",
    "trainings": "your trainings",
}
_LOST = "lost at a restart"


def kept_kinds() -> tuple[str, ...]:
    """Return the kinds of things that go with this server, of those that the visitor has here."""
    found = {
        "photos": bool(PHOTOS.photos(visitor())),
        "networks": bool(opened_weights()),
        "trainings": _own_trainings(),
    }
    return tuple(kind for kind, here in found.items() if here)


def _own_trainings() -> bool:
    """Whether the visitor of a hosted app has trainings; those of a local one stay."""
    with suppress(AttnvizError):  # what is wrong with their folder, the page "Training" says
        return Hosting.from_environment().hosted and bool(known_runs())
    return False


def take_loss(told: object) -> None:
    """Remember what the browser says that an earlier server kept, which may be anything."""
    named = told if isinstance(told, (list, tuple)) else ()
    st.session_state[_LOST] = [kind for kind in _KINDS if kind in named]


def show_loss() -> None:
    """Say what is gone since the server was started again, until that was read."""
    lost: list[str] = st.session_state.get(_LOST, [])
    if not lost:
        return
    what = listed([_KINDS[kind] for kind in lost])
    with st.container(key="av-loss", horizontal=True, vertical_alignment="center"):
        st.warning(
            f"The server was started again; {what} are gone. "
            "What was lost has to be added or started again.",
            icon=":material/restart_alt:",
        )
        st.button("Close", key="loss read", on_click=take_loss, args=((),), type="tertiary")
