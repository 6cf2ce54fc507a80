"""Trainings that the page knows of: those among the app's own runs, and those opened by folder."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import streamlit as st

from attnviz.errors import TrainingError
from attnviz.training.jobs.runs import TrainingRun, find_run, list_runs, runs_folder
from attnviz.ui.kit.folder_picker import pick_folder_path
from attnviz.ui.kit.guard import show_error
from attnviz.ui.pages.training.runs import SUFFIX, RecordedRun, open_recording

NEXT_RUN = "live turn"  # the run that the page shall turn to
_OPENED = "live opened"


def known_runs() -> tuple[TrainingRun, ...]:
    """Runs opened by their folder in this session, the last first, then the app's own."""
    opened = [run for one in reversed(_opened()) if (run := find_run(Path(one))) is not None]
    own = list_runs()
    return (*(run for run in opened if run not in own), *own)


def run_key(folder: Path, recording: Path | None = None) -> str:
    """Of a folder's run among all recordings of the page, or of one of its recordings."""
    if folder.parent == runs_folder() and recording is None:
        return f"live {folder.name}"
    path = str(recording or folder)
    return f"live {folder.name} {hashlib.sha256(path.encode()).hexdigest()[:8]}"


def recorded_runs() -> dict[str, RecordedRun]:
    """The runs of this computer that have recorded something, by key; the newest first.

    Also recordings that lie in an opened folder, or beside the app's runs, without a run's files.
    """
    found = {}
    for key, title, path in [*_recordings_of_runs(), *_recordings_alone()]:
        try:
            opened = open_recording(path)
        except TrainingError as error:
            show_error(error)
        else:
            found[key] = RecordedRun(opened.key, title, opened.recording)
    return found


def _recordings_of_runs() -> list[tuple[str, str, Path]]:
    found = []
    for run in known_runs():
        try:
            path = run.recording
        except TrainingError as error:
            show_error(error)
            continue
        with suppress(OSError):  # out of reach just now
            if path.exists():
                found.append((run_key(run.folder), run.folder.name, path))
    return found


def _recordings_alone() -> list[tuple[str, str, Path]]:
    """Key, title and path of recordings in folders where no run was begun that can be watched."""
    beside = sorted({path.parent for path in runs_folder().glob(f"*/*{SUFFIX}")})
    folders = dict.fromkeys([*map(Path, reversed(_opened())), *beside])
    return [
        (run_key(folder, path), f"{folder.name}, {path.stem}", path)
        for folder in folders
        if find_run(folder) is None
        for path in _recordings_in(folder)
    ]


def _recordings_in(folder: Path) -> list[Path]:
    """The recordings that lie in a folder; none if it is out of reach, like a lost drive."""
    with suppress(OSError):
        return sorted(folder.glob(f"*{SUFFIX}"))
    return []


def show_folder_picker() -> None:
    """Open the folder of a training, begun by the command line or by a program of one's own."""
    folder = pick_folder_path(
        "Or the folder of a training on this computer",
        "run folder",
        "What `python -m attnviz train` was given as --out: it can be watched here, paused and "
        "gone on with.",
    )
    run = find_run(folder) if folder else None
    recordings = _recordings_in(folder) if folder else []
    if folder is None or (run is None and not recordings):
        st.caption("No training lies in this folder.")
    elif st.button("Open this training", type="primary", icon=":material/folder_open:"):
        forget_folder(folder)
        _opened().append(str(folder))
        st.session_state[NEXT_RUN] = run_key(folder, recordings[0] if run is None else None)
        st.rerun()


def forget_folder(folder: Path) -> None:
    """Take it from those that were opened by their folder."""
    if str(folder) in _opened():
        _opened().remove(str(folder))


def _opened() -> list[str]:
    opened: list[str] = st.session_state.setdefault(_OPENED, [])
    return opened
