"""Trainings that the page lists: the app's own runs, and those opened by folder."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.hosting import Hosting
from attnviz.training.jobs.runs import find_run
from attnviz.ui.kit.folder_picker import pick_folder_path
from attnviz.ui.kit.guard import show_error
from attnviz.ui.kit.trainings import forget_folder, known_runs, opened_folders
from attnviz.ui.kit.visitor_folders import own_runs_folder
from attnviz.ui.pages.training.runs import SUFFIX, RecordedRun, open_recording
from attnviz.untrusted.values import sendable

NEXT_RUN = "live turn"  # key of the run to show next

MOST_RECORDINGS = 24


def run_key(folder: Path, recording: Path | None = None) -> str:
    """Make the key of a run or of a recording.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    recording : Path, optional
        A recording in a folder without a run.

    Returns
    -------
    str
        Unique among all recordings of the page.
    """
    if folder.parent == own_runs_folder() and recording is None:
        return f"live {folder.name}"
    path = str(recording or folder)
    return f"live {sendable(folder.name)} {hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"


def recorded_runs() -> dict[str, RecordedRun]:
    """Load the recordings of trainings on this computer, the newest first.

    Returns
    -------
    dict of str to RecordedRun
        By key. Includes recordings in folders without a run's files. At most `MOST_RECORDINGS`, as
        each visit reads all of them; those opened by folder come first.
    """
    runs = {}
    for key, title, path in [*_recordings_of_runs(), *_recordings_alone()][:MOST_RECORDINGS]:
        try:
            opened = open_recording(path)
        except AttnvizError as error:
            show_error(error)
        else:
            runs[key] = RecordedRun(opened.key, sendable(title), opened.recording)
    return runs


def _recordings_of_runs() -> list[tuple[str, str, Path]]:
    runs = []
    for run in known_runs():
        try:
            path = run.recording
        except AttnvizError as error:
            show_error(error)
            continue
        with suppress(OSError):  # the folder may be unreachable for now
            if path.exists():
                runs.append((run_key(run.folder), run.folder.name, path))
    return runs


def _recordings_alone() -> list[tuple[str, str, Path]]:
    """Key, title and path of recordings in folders without a run."""
    beside = sorted({path.parent for path in own_runs_folder().glob(f"*/*{SUFFIX}")})
    folders = dict.fromkeys([*map(Path, reversed(opened_folders())), *beside])
    return [
        (run_key(folder, path), f"{folder.name}, {path.stem}", path)
        for folder in folders
        if find_run(folder) is None
        for path in _recordings_in(folder)
    ]


def _recordings_in(folder: Path) -> list[Path]:
    """The recordings in a folder; none if it cannot be reached, like a drive that was removed."""
    with suppress(OSError):
        return sorted(folder.glob(f"*{SUFFIX}"))
    return []


def show_folder_picker() -> None:
    """Let the user open the folder of a training started elsewhere, such as on the command line."""
    if not Hosting.from_environment().opens_folders:
        return
    folder = pick_folder_path(
        "Or the folder of a training on this computer",
        "run folder",
        "The folder given to `attnviz train` as --out. The training can be watched, paused and "
        "resumed here.",
    )
    run = find_run(folder) if folder else None
    recordings = _recordings_in(folder) if folder else []
    if folder is None or (run is None and not recordings):
        st.caption("This folder contains no training.")
    elif st.button("Open this training", type="primary", icon=":material/folder_open:"):
        forget_folder(folder)
        opened_folders().append(str(folder))
        st.session_state[NEXT_RUN] = run_key(folder, recordings[0] if run is None else None)
        st.rerun()
