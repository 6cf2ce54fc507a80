"""Runs over many pictures on this computer: watch, pause, resume and cancel them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from attnviz.batch.jobs.set_run import SetRun, list_set_runs
from attnviz.errors import RunError
from attnviz.hosting import Hosting
from attnviz.jobs.state import JobState, RunPhase
from attnviz.ui.kit.background_runs import OVER, STARTED, show_confirmation, show_progress
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.text import duration
from attnviz.ui.kit.visitor_folders import own_sets_folder
from attnviz.ui.pages.dataset.start_run import show_form

NEXT = "set next"  # path of the results to show next
_OPEN, _SEEN = "set open", "set seen"
_SECONDS = 2.0
_MOST = 12


def known_set_runs() -> tuple[SetRun, ...]:
    """Return the newest runs, and earlier ones that are not over; on a server the visitor's."""
    runs = _all_set_runs()
    earlier = (run for run in runs[_MOST:] if run.state.phase not in OVER)
    return (*runs[:_MOST], *earlier)


def _all_set_runs() -> tuple[SetRun, ...]:
    try:
        return list_set_runs(own_sets_folder())
    except RunError:  # this user can have none, but may still open results
        return ()


def show_form_of_run() -> None:
    """Show the form that starts a run, and the runs that have ended."""
    if not Hosting.from_environment().trains:
        st.caption("Nobody can start a run on this server. The sample photos can be looked at.")
        return
    if st.session_state.pop(STARTED, False):
        st.session_state[_OPEN] = False
    with st.expander("Look at a folder of pictures", key=_OPEN, on_change="rerun"):
        if not st.session_state.get(_OPEN):  # what is in the folder is counted on demand
            return
        show_form(_all_set_runs())
        for run in known_set_runs():
            if run.state.phase in OVER:
                _show_run(run, run.state)


def show_live_runs() -> None:
    """Show the runs that work, wait or have failed."""
    show_confirmation()
    watched = _unfinished()
    every = _SECONDS if any(run.state.phase.active for run in watched) else None
    st.session_state[_SEEN] = {str(run.folder) for run in watched if run.state.phase.active}
    st.fragment(_watch_runs, run_every=every)()


def _unfinished() -> list[SetRun]:
    return [run for run in known_set_runs() if run.state.phase not in OVER]


def _watch_runs() -> None:
    """Each run's progress; a fragment that is refreshed while a run works."""
    with guarded():
        for run in _unfinished():
            _show_run(run, run.state)
        seen: set[str] = st.session_state.get(_SEEN, set())
        for run in known_set_runs():
            if str(run.folder) in seen and not run.state.phase.active:
                if run.state.phase is RunPhase.DONE:
                    st.session_state[NEXT] = str(run.results.path)
                st.rerun()


def _show_run(run: SetRun, state: JobState) -> None:
    def offer() -> None:
        if state.phase is RunPhase.DONE:
            st.button(
                "Show the results", key=f"show {run.folder}", icon=":material/table_view:",
                on_click=partial(st.session_state.__setitem__, NEXT, str(run.results.path)),
            )  # fmt: skip

    show_progress(run, state, progress_text(state), forget=lambda: None, offer=offer)


def progress_text(state: JobState) -> str:
    """Describe a run's progress in words; returns escaped Markdown."""
    if state.phase is RunPhase.READING:
        return "loading the network …"
    if state.phase is RunPhase.FAILED:
        return plain_text(state.text)
    parts = [f"{state.step:,} of {state.steps:,} pictures"] if state.steps else []
    if state.step and state.seconds > 0:
        parts.append(f"{state.step / state.seconds:.3g} pictures a second")
    if state.phase is RunPhase.WORKING and state.seconds_left is not None:
        parts.append(f"{duration(state.seconds_left)} left")
    if state.phase is not RunPhase.WORKING:
        parts.insert(0, str(state.phase))
    return ", ".join(parts)
