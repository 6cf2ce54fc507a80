"""Recordings to choose from: those that ship with attnviz, and the user's own."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import streamlit as st

from attnviz.assets import assets_folder
from attnviz.errors import AttnvizError, TrainingError
from attnviz.pictures import list_samples, open_picture
from attnviz.pictures.names import visible
from attnviz.pictures.samples import SAMPLE_PREFIX
from attnviz.training.recording.file import Recording
from attnviz.types import Pixels
from attnviz.ui.kit.file_version import file_version
from attnviz.ui.kit.guard import show_error
from attnviz.ui.kit.picture_cache import shown_sample
from attnviz.untrusted.values import parse_json, sendable

SUFFIX = ".attn"
MOST_UPLOADS = 8
# Largest difference that resampling may cause in the mean of any of 16 x 16 cells, of 255. Measured
# on the sample photos at sizes from 32 to 384 px: at most 9.3. One extra line in a drawing: 17.
_CELLS, _MAX_DIFFERENCE = 16, 12.0


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A recording with a title; equal keys mean equal content."""

    key: str
    title: str
    recording: Recording

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Names of the checkpoints, each of them unique."""
        names = [_checkpoint_name(shot.epoch, shot.accuracy) for shot in self.recording.snapshots]
        repeated = {name for name in names if names.count(name) > 1}
        steps = [shot.step for shot in self.recording.snapshots]
        return tuple(
            f"{name}, step {step}" if name in repeated else name
            for name, step in zip(names, steps, strict=True)
        )


def _checkpoint_name(epoch: float, accuracy: float) -> str:
    time = "untrained" if epoch == 0 else f"epoch {epoch:.3g}"
    return time if np.isnan(accuracy) else f"{time}, {100 * accuracy:.0f} % accuracy"


def shipped_runs() -> dict[str, RecordedRun]:
    """Load the recordings that ship with attnviz, by key; shows a message for damaged files."""
    files = sorted((assets_folder() / "recordings").glob(f"*{SUFFIX}"))
    runs = {}
    for file in files:
        try:
            recording = _load_file(str(file), file_version(file))
        except TrainingError as error:
            show_error(error)
        else:
            runs[file.stem] = RecordedRun(file.stem, file.stem, recording)
    return runs


def uploaded_runs(files: Sequence[Any]) -> dict[str, RecordedRun]:
    """Load uploaded recordings, by key; shows a message for each file that is none.

    At most `MOST_UPLOADS`: what is opened stays in memory, for all visitors.
    """
    if len(files) > MOST_UPLOADS:
        st.info(f"Only the first {MOST_UPLOADS} recordings are opened. Remove some for the others.")
    runs = {}
    for file in files[:MOST_UPLOADS]:
        source = file.getvalue()
        key = hashlib.sha256(source).hexdigest()
        try:
            recording = _load_upload(key, visible(file.name), source)
        except TrainingError as error:
            show_error(error)
        else:
            runs[key] = RecordedRun(key, visible(Path(file.name).stem, 80), recording)
    return runs


def open_recording(path: Path) -> RecordedRun:
    """Load a recording that may still grow; it is read again when its file changes.

    Parameters
    ----------
    path : Path
        File of the recording.

    Returns
    -------
    RecordedRun
        With the file's name as title.

    Raises
    ------
    TrainingError
        If the file cannot be read.
    """
    state = file_version(path)
    return RecordedRun(f"{path}@{state}", path.stem, _load_file(str(path), state))


@st.cache_resource(max_entries=12, show_spinner=False)
def _load_file(path: str, state: tuple[int, ...]) -> Recording:
    del state  # part of the key: a growing file is read again
    return Recording.load(Path(path), Path(path).name)


@st.cache_resource(max_entries=8, ttl="2h", show_spinner=False)
def _load_upload(key: str, name: str, _source: bytes) -> Recording:
    del key
    with tempfile.NamedTemporaryFile(suffix=SUFFIX) as file:
        file.write(_source)
        file.flush()
        return Recording.load(Path(file.name), name)


def picture_pixels(run: RecordedRun, index: int) -> Pixels | None:
    """Get a recorded picture.

    Parameters
    ----------
    run : RecordedRun
        The run.
    index : int
        Index of the picture in the recording.

    Returns
    -------
    uint8 [H, W, 3] or None
        The sample photo itself, or the picture at the network's input size; None if the recording
        does not contain it.
    """
    name = run.recording.pictures[index].removeprefix(SAMPLE_PREFIX)
    if run.recording.pictures[index] != name and name in {sample.name for sample in list_samples()}:
        try:
            return shown_sample(name).pixels
        except AttnvizError as error:
            show_error(error)
            return None
    pixels = run.recording.pixels
    return None if pixels is None else open_picture(pixels[index], name="probe").pixels


def same_picture(first: RecordedRun, picture: int, other: RecordedRun, index: int) -> bool:
    """Decide whether two runs recorded the same picture.

    Parameters
    ----------
    first, other : RecordedRun
        The runs.
    picture, index : int
        Indices of the pictures in the first and in the other run.

    Returns
    -------
    bool
        True if the pixels agree up to resampling. If one of the runs contains no pictures, equal
        names have to do.

    Notes
    -----
    A name alone is not enough: validation pictures are named by index and class, whatever folder
    they come from.
    """
    first_pixels, other_pixels = first.recording.pixels, other.recording.pixels
    if first_pixels is None or other_pixels is None:
        return first.recording.pictures[picture] == other.recording.pictures[index]
    here, there = first_pixels[picture], other_pixels[index]
    height, width = (min(_CELLS, here.shape[axis], there.shape[axis]) for axis in (0, 1))
    small = [
        cv2.resize(pixels.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        for pixels in (here, there)
    ]
    return float(np.abs(small[0] - small[1]).max()) < _MAX_DIFFERENCE


def same_index(first: RecordedRun, picture: int, other: RecordedRun) -> int | None:
    """Find the first run's picture in another run.

    Parameters
    ----------
    first, other : RecordedRun
        The runs.
    picture : int
        Index of the picture in the first run.

    Returns
    -------
    int or None
        Its index in the other run. Several pictures may have its name (arrays are all called
        "picture"), so the same index is tried first.
    """
    name = first.recording.pictures[picture]
    candidates = [n for n, title in enumerate(other.recording.pictures) if title == name]
    candidates.sort(key=lambda n: n != picture)
    return next((n for n in candidates if same_picture(first, picture, other, n)), None)


def picture_title(run: RecordedRun, index: int) -> str:
    """Return the title of a recorded picture."""
    name = run.recording.pictures[index]
    titles = {SAMPLE_PREFIX + sample.name: sample.title for sample in list_samples()}
    return titles.get(name, name)


def run_facts(recording: Recording) -> dict[str, str]:
    """Summarise how a run was trained.

    Parameters
    ----------
    recording : Recording
        Its recipe and versions are JSON that may contain anything.

    Returns
    -------
    dict of str to str
        Unescaped plain text by title.
    """
    shots = recording.snapshots
    facts = {
        "Checkpoints": str(len(shots)),
        "Epochs": f"{shots[-1].epoch:.3g}",
        "Classes": ", ".join(recording.classes[:12]),
    }
    for title, text in (("Recipe", recording.recipe), ("Versions", recording.versions)):
        try:
            content = parse_json(text or "{}", nan=True)
        except ValueError:
            continue
        for number, table in enumerate(content if isinstance(content, list) else [content], 1):
            if isinstance(table, dict):
                name = f"{title} {number}" if isinstance(content, list) else title
                entries = ", ".join(f"{key}: {value}" for key, value in table.items())
                facts[name] = sendable(entries)[:600]
    return facts
