"""Trainings on this computer: watch, pause, resume and cancel them."""

from __future__ import annotations

import math

import streamlit as st

from attnviz.errors import TrainingError
from attnviz.training.jobs.runs import TrainingRun
from attnviz.training.jobs.state import RunPhase, RunState
from attnviz.ui.kit.cache import file_version
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.text import duration
from attnviz.ui.kit.trainings import forget_folder, known_runs
from attnviz.ui.pages.training.open_folder import NEXT_RUN, run_key
from attnviz.ui.pages.training.start_run import (
    is_confirmation_pending,
    show_confirmation,
    show_form,
    start_or_confirm,
)

_OPEN = "live open"
_FULL_RUN = "live whole page"  # whether the full page is running, not only the list of runs
_SECONDS = 2.0
_MOST = 3  # runs that are listed


def show_live_runs() -> None:
    """Show the trainings in progress, and a form to start one."""
    phases = [run.state.phase for run in known_runs()[:_MOST]]
    over = (RunPhase.DONE, RunPhase.CANCELLED)
    if any(phase not in over for phase in phases) or is_confirmation_pending():
        st.session_state[_OPEN] = True  # stays open when the run is done
    with st.expander("Train a network and watch", expanded=st.session_state.get(_OPEN, False)):
        # Each refresh costs a message from the browser: only while there is something to watch.
        every = _SECONDS if any(phase.active for phase in phases) else None
        st.session_state[_FULL_RUN] = True
        try:
            st.fragment(_watch_runs, run_every=every)()
        finally:
            st.session_state[_FULL_RUN] = False
        show_confirmation()
        show_form()


def _watch_runs() -> None:
    """Each run's progress; a fragment that is refreshed while a run is in progress."""
    with guarded():
        for run in known_runs()[:_MOST]:
            state = run.state
            _show_run(run, state)
            _rerun_if_changed(run, state)


def _rerun_if_changed(run: TrainingRun, state: RunState) -> None:
    """Rerun the page when a watched run has recorded more, or ended."""
    try:
        path = run.recording
    except TrainingError:  # the run's status line says what is wrong
        return
    state_now = (state.phase, file_version(path))
    states_before = st.session_state.setdefault("live seen", {})
    before, states_before[str(run.folder)] = states_before.get(str(run.folder)), state_now
    if before is None or before == state_now:
        return
    if state_now[1] and not before[1]:
        st.session_state[NEXT_RUN] = run_key(run.folder)  # show its first checkpoint
    if st.session_state.get(_FULL_RUN):
        return  # the page is being drawn anyway; a rerun would lose a click on a button below
    watched = st.session_state.get("run") == run_key(run.folder)
    if watched or before[0] != state_now[0] or not before[1]:
        st.rerun()


def _show_run(run: TrainingRun, state: RunState) -> None:
    st.progress(state.completed, f"{plain_text(run.folder.name)}: {progress_text(state)}")
    if state.notes:
        st.caption(plain_text(state.notes))
    with st.container(horizontal=True):
        if state.phase.active and _button("Pause", "pause", run):
            run.pause()
        if state.phase in (RunPhase.PAUSED, RunPhase.FAILED) and _button(
            "Resume", "play_arrow", run
        ):
            start_or_confirm(f"Resume {run.folder.name}", run.resume)
        if state.phase in (RunPhase.DONE, RunPhase.CANCELLED, RunPhase.DIVERGED):
            if _button("Remove from the list", "playlist_remove", run):
                run.dismiss()
                forget_folder(run.folder)
                st.toast(f"The run's files stay in {run.folder}.")
                st.rerun()
        elif _button("Cancel", "close", run):
            run.cancel()
            st.rerun()


def _button(title: str, icon: str, run: TrainingRun) -> bool:
    return st.button(title, key=f"{title} {run.folder}", icon=f":material/{icon}:")


def progress_text(state: RunState) -> str:
    """Describe a run's progress in words; returns escaped Markdown."""
    if state.phase is RunPhase.READING:
        return "reading pictures …"
    if state.phase in (RunPhase.FAILED, RunPhase.DIVERGED):
        return plain_text(state.text)
    parts = [f"{state.step:,} of {state.steps:,} steps"]
    if math.isfinite(state.accuracy):
        parts.append(f"{100 * state.accuracy:.0f} % accuracy")
    if math.isfinite(state.loss):
        parts.append(f"loss {state.loss:.2f}")
    if state.phase is RunPhase.TRAINING and state.seconds_left is not None:
        parts.append(f"{duration(state.seconds_left)} left")
    if state.phase in (RunPhase.PAUSED, RunPhase.DONE, RunPhase.CANCELLED):
        parts.insert(0, str(state.phase))
    return ", ".join(parts)
