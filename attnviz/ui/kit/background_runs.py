"""Runs in processes of their own: started, with a question if another one works, and stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from attnviz.errors import RunError
from attnviz.hosting import Hosting
from attnviz.jobs.background_run import BackgroundRun
from attnviz.jobs.busy import BusyError
from attnviz.jobs.state import JobState, RunPhase
from attnviz.models.device import choose_device
from attnviz.ui.kit.guard import guarded, plain_text

OVER = (RunPhase.DONE, RunPhase.CANCELLED)
STARTED = "run started"  # set when a run has started: a form can make room for what it shows
_PENDING = "run question"


def start_or_confirm(action: str, start: Callable[..., object]) -> None:
    """Start a run, or let `show_confirmation` ask first if another one works.

    Parameters
    ----------
    action : str
        What is started, as text for the user.
    start : callable
        Starts it. Raises BusyError if another run works, unless called with `concurrent=True`.
    """
    with guarded():
        try:
            start()
        except BusyError as error:
            if Hosting.from_environment().hosted:  # whose run it is concerns nobody
                raise RunError(
                    "This server does such long work once at a time, and some is being done. Try "
                    "again later."
                ) from None
            st.session_state[_PENDING] = (action, str(error), start)
        else:
            st.session_state[STARTED] = True
            st.toast(f"{plain_text(action)}: it continues when you close this page.")
    st.rerun()


def show_confirmation() -> None:
    """Ask whether two runs may work at once, if the user has started a second one."""
    if _PENDING not in st.session_state:
        return
    action, reason, start = st.session_state[_PENDING]
    st.warning(f"{plain_text(reason)} {_cost()}", icon=":material/warning:")
    with st.container(horizontal=True):
        if st.button("Start anyway", type="primary"):
            del st.session_state[_PENDING]
            start_or_confirm(action, partial(start, concurrent=True))
        if st.button("Not now"):
            del st.session_state[_PENDING]
            st.rerun()


def _cost() -> str:
    if choose_device("auto").type == "cpu":
        return "Two at once share this computer's processor: each takes about twice as long."
    return "Two at once share the GPU: each takes longer, and they may run out of memory."


def show_progress(
    run: BackgroundRun[Any],
    state: JobState,
    text: str,
    *,
    forget: Callable[[], None],
    offer: Callable[[], None] = lambda: None,
) -> None:
    """Show how far a run is, and buttons that pause it, resume it, cancel it, or forget it.

    Parameters
    ----------
    run : BackgroundRun
        The run.
    state : JobState
        Its state, read once.
    text : str
        The progress in words, as escaped Markdown.
    forget : callable
        Removes it from lists of the session.
    offer : callable
        Shows what else can be done with it, among the buttons.
    """
    st.progress(state.completed, f"{plain_text(run.folder.name)}: {text}")
    if state.notes:
        st.caption(plain_text(state.notes))
    with st.container(horizontal=True):
        if state.phase.active and _button("Pause", "pause", run):
            run.pause()
        if state.phase in (RunPhase.PAUSED, RunPhase.FAILED) and _button(
            "Resume", "play_arrow", run
        ):
            start_or_confirm(f"Resume {run.folder.name}", run.resume)
        offer()
        if state.phase in (*OVER, RunPhase.DIVERGED):
            if _button("Remove from the list", "playlist_remove", run):
                _remove(run, forget)
                st.rerun()
        elif _button("Cancel", "close", run):
            run.cancel()
            st.rerun()


def _remove(run: BackgroundRun[Any], forget: Callable[[], None]) -> None:
    """Remove a run from the list, and from a server on which it is this visitor's alone."""
    run.dismiss()
    forget()
    if Hosting.from_environment().hosted:
        shutil.rmtree(run.folder, ignore_errors=True)
    else:
        st.toast(f"The run's files stay in {run.folder}.")


def _button(title: str, icon: str, run: BackgroundRun[Any]) -> bool:
    return st.button(title, key=f"{title} {run.folder}", icon=f":material/{icon}:")
