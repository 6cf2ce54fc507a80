"""Training from the page: begin it, watch it, pause it, cancel it."""

from __future__ import annotations

import math
from pathlib import Path

import streamlit as st

from attnviz.errors import TrainingError
from attnviz.training.live import LiveRun, Phase, State, begin, live_runs, runs_folder
from attnviz.training.recipe import Phase as Stage
from attnviz.training.recipe import Recipe
from attnviz.training.shapes import SHAPES, write_shapes
from attnviz.ui.growth.runs import Run, file_state, opened_run
from attnviz.ui.guard import guarded, plain_text, say_error
from attnviz.ui.words import duration

NETWORKS = ("ran-small", "cbam-small", "vit-small")
SHAPES_TITLE = "Four shapes, made here"
OWN_TITLE = "A folder on this computer"
TURN = "live turn"  # the run that the page shall turn to
_SECONDS = 2.0
_SIDES = (32, 48, 64, 96, 128)


def recorded_runs() -> dict[str, Run]:
    """The runs of this computer that have recorded something, by key; the newest first."""
    found = {}
    for run in live_runs():
        try:
            recording = run.recording
            if recording.exists():
                opened = opened_run(recording)
                found[live_key(run)] = Run(opened.key, run.folder.name, opened.recording)
        except TrainingError as error:
            say_error(error)
    return found


def live_key(run: LiveRun) -> str:
    """Of a run among all recordings of the page."""
    return f"live {run.folder.name}"


def show_live() -> None:
    """What is being trained, and a form for something new."""
    with st.expander("Train a network and watch", expanded=_going() is not None):
        with guarded():
            # Asking again makes the browser send a message: only while there is something to watch.
            every = _SECONDS if _going() is not None else None
            st.fragment(_watch_runs, run_every=every)()
        _form()


def _going() -> LiveRun | None:
    """The run that nobody has dismissed yet, if there is one."""
    waiting = (Phase.READING, Phase.TRAINING, Phase.PAUSED, Phase.FAILED)
    return next((run for run in live_runs() if run.state.phase in waiting), None)


def _watch_runs() -> None:
    """Each run's progress; a fragment, asked for again every two seconds while one is going."""
    for run in live_runs()[:3]:
        state = run.state
        _show_run(run, state)
        _look_again(run, state)


def _look_again(run: LiveRun, state: State) -> None:
    """Rerun the page when a watched run has recorded more, or ended."""
    path = run.recording
    seen = (state.phase, file_state(path))
    known = st.session_state.setdefault("live seen", {})
    before, known[str(run.folder)] = known.get(str(run.folder)), seen
    if before is None or before == seen:
        return
    if seen[1] and not before[1]:
        st.session_state[TURN] = live_key(run)  # the first checkpoint: show it
    watched = st.session_state.get("run") == live_key(run)
    if watched or before[0] != seen[0] or not before[1]:
        st.rerun()


def _show_run(run: LiveRun, state: State) -> None:
    share = state.step / state.steps if state.steps else 0.0
    st.progress(min(share, 1.0), f"{plain_text(run.folder.name)}: {sentence(state)}")
    going = state.phase in (Phase.READING, Phase.TRAINING)
    with st.container(horizontal=True):
        if going and st.button("Pause", key=f"pause {run.folder}", icon=":material/pause:"):
            run.pause()
        again = state.phase in (Phase.PAUSED, Phase.FAILED)
        if again and st.button("Go on", key=f"go on {run.folder}", icon=":material/play_arrow:"):
            run.go_on()
        title = "Cancel" if state.phase is not Phase.DONE else "Remove from the list"
        if st.button(title, key=f"cancel {run.folder}", icon=":material/close:"):
            run.cancel()
            st.rerun()


def sentence(state: State) -> str:
    """How far a run is, in words."""
    if state.phase is Phase.READING:
        return "reading its pictures …"
    if state.phase is Phase.FAILED:
        return plain_text(state.text)
    parts = [f"{state.step:,} of {state.steps:,} steps"]
    if math.isfinite(state.accuracy):
        parts.append(f"{100 * state.accuracy:.0f} % right")
    if math.isfinite(state.loss):
        parts.append(f"loss {state.loss:.2f}")
    if state.phase is Phase.TRAINING and state.left is not None:
        parts.append(f"{duration(state.left)} left")
    if state.phase in (Phase.PAUSED, Phase.DONE, Phase.CANCELLED):
        parts.insert(0, str(state.phase))
    return ", ".join(parts)


def _form() -> None:
    with st.form("live training", border=False):
        source = st.radio("Pictures", (SHAPES_TITLE, OWN_TITLE), horizontal=True)
        path = st.text_input(
            "The folder, if it is your own",
            placeholder="/home/me/pictures, with a folder for each class",
            help="At least two folders of pictures; a tenth of each is set aside for the score.",
        )
        first, second, third = st.columns(3)
        network = first.selectbox("Network", NETWORKS)
        epochs = second.slider("Epochs", 1, 60, 12)
        side = third.select_slider("Picture side, px", _SIDES, 64)
        started = st.form_submit_button("Train", type="primary", icon=":material/school:")
    if not started:
        return
    with guarded():
        data = Path(path.strip()).expanduser() if source == OWN_TITLE else made_shapes()
        if source == OWN_TITLE and not path.strip():
            raise TrainingError("No folder was given. Write its path, or take the four shapes.")
        run = begin(live_recipe(str(network), int(epochs), int(side)), data, size=int(side))
    st.session_state["live seen"] = {}
    st.toast(f"{run.folder.name} has begun; it goes on when you close this page.")
    st.rerun()


def live_recipe(network: str, epochs: int, side: int) -> Recipe:
    """A recipe for few pictures: gentle, in small batches."""
    transformer = network.startswith("vit")
    return Recipe(
        model=network,
        phases=(Stage(epochs, side),),
        store=side,
        batch=16,
        optimizer="adamw" if transformer else "sgd",
        rate=5e-4 if transformer else 0.03,
        warm_up=min(1.0, epochs / 4),
        crop=0.6,
        average=0.9,
    )


def made_shapes() -> Path:
    """The folder of the four shapes, written the first time."""
    folder = runs_folder().parent / "shapes"
    if not all((folder / shape).is_dir() for shape in SHAPES):
        try:
            write_shapes(folder)
        except OSError as error:
            raise TrainingError(
                f"{folder} cannot be written ({error.strerror}). Set ATTNVIZ_RUNS."
            ) from error
    return folder
