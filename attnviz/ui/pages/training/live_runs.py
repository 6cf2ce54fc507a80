"""Trainings on this computer: watch, pause, resume and cancel them."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.hosting import Hosting
from attnviz.training.jobs.runs import TrainingRun
from attnviz.training.jobs.state import RunPhase, RunState
from attnviz.training.loop.evaluate import accuracy_interval, has_learned
from attnviz.ui.kit.background_runs import OVER, STARTED, show_confirmation, show_progress
from attnviz.ui.kit.file_version import file_version
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.text import duration
from attnviz.ui.kit.trainings import (
    forget_folder,
    known_runs,
    trained_network,
    use_on_focus,
)
from attnviz.ui.pages.training.open_folder import NEXT_RUN, run_key
from attnviz.ui.pages.training.start_run import show_form

_OPEN = "live open"
_FULL_RUN = "live whole page"  # whether the full page is running, not only the list of runs
_SECONDS = 2.0
_MOST = 3  # runs that are listed


def show_form_of_training() -> None:
    """Show the form that starts a training, and the trainings that have ended before the last."""
    if not Hosting.from_environment().trains:
        st.caption("Nobody can train on this server. Recordings of trainings can be opened.")
        return
    if st.session_state.pop(STARTED, False):
        st.session_state[_OPEN] = False
        st.session_state["live seen"] = {}
    with st.expander("Train a network and watch", key=_OPEN, on_change="rerun"):
        show_form()
        _, earlier = _listed()
        for run in earlier:
            _show_run(run, run.state)


def show_live_runs() -> None:
    """Show the trainings in progress, and the last one that has ended."""
    show_confirmation()
    # Each refresh costs a message from the browser: only while there is something to watch.
    watched, _ = _listed()
    every = _SECONDS if any(run.state.phase.active for run in watched) else None
    st.session_state[_FULL_RUN] = True
    try:
        st.fragment(_watch_runs, run_every=every)()
    finally:
        st.session_state[_FULL_RUN] = False


def _listed() -> tuple[list[TrainingRun], list[TrainingRun]]:
    """The runs to show above the player, and those that have ended before the last."""
    runs = known_runs()[:_MOST]
    first = [run for n, run in enumerate(runs) if n == 0 or run.state.phase not in OVER]
    return first, [run for run in runs if run not in first]


def _watch_runs() -> None:
    """Each run's progress; a fragment that is refreshed while a run is in progress."""
    with guarded():
        watched, _ = _listed()
        for run in watched:
            state = run.state
            _show_run(run, state)
            _rerun_if_changed(run, state)


def _rerun_if_changed(run: TrainingRun, state: RunState) -> None:
    """Rerun the page when a watched run has recorded more, or ended."""
    try:
        path = run.recording
    except AttnvizError:  # the run's status line says what is wrong
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
    network = trained_network(run) if state.phase is RunPhase.DONE else None

    def offer() -> None:
        title, icon = "Use it on Focus", ":material/center_focus_strong:"
        if network is not None and st.button(title, key=f"{title} {run.folder}", icon=icon):
            use_on_focus(network.name)

    forget = partial(forget_folder, run.folder)
    show_progress(run, state, progress_text(state), forget=forget, offer=offer)


def progress_text(state: RunState) -> str:
    """Describe a run's progress in words; returns escaped Markdown."""
    if state.phase is RunPhase.READING:
        return "reading pictures …"
    if state.phase in (RunPhase.FAILED, RunPhase.DIVERGED):
        return plain_text(state.text)
    parts = [f"{state.step:,} of {state.steps:,} steps"]
    if math.isfinite(state.accuracy):
        parts.append(_accuracy(state))
    if math.isfinite(state.loss):
        parts.append(f"loss {state.loss:.2f}")
    if state.phase is RunPhase.WORKING and state.seconds_left is not None:
        parts.append(f"{duration(state.seconds_left)} left")
    if state.phase in (RunPhase.PAUSED, RunPhase.DONE, RunPhase.CANCELLED):
        parts.insert(0, str(state.phase))
    return ", ".join(parts)


def _accuracy(state: RunState) -> str:
    """The accuracy with its interval, and whether guessing would do as well."""
    text = f"{100 * state.accuracy:.0f} % accuracy"
    if not state.scored:
        return text
    low, high = accuracy_interval(state.accuracy, state.scored)
    text += f" ({100 * low:.0f} to {100 * high:.0f} %, on {state.scored:,} pictures)"
    if has_learned(state.accuracy, state.scored, state.chance):
        return text
    return f"**nothing learned yet**: {text}, and guessing gives {100 * state.chance:.0f} %"
