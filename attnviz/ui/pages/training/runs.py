"""Recordings to choose from: those that come with attnviz, and the user's own."""

from __future__ import annotations

import hashlib
import json
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
from attnviz.training.recording.file import Recording
from attnviz.types import Pixels
from attnviz.ui.kit.cache import file_version, shown_sample
from attnviz.ui.kit.guard import show_error

SAMPLE = "sample:"
SUFFIX = ".attn"
# What resampling to other sizes on the way may change: of 255, the mean of any of 16 x 16 parts.
# Measured on the sample photos, squashed to 32 to 384 px: 9.3 at most; one short line more in a
# drawing: 17.
_CELLS, _MAX_DIFFERENCE = 16, 12.0


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A recording under a title; `key` decides its content."""

    key: str
    title: str
    recording: Recording

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """What each checkpoint is called, each name once."""
        names = [_checkpoint_name(shot.epoch, shot.accuracy) for shot in self.recording.snapshots]
        again = {name for name in names if names.count(name) > 1}
        steps = [shot.step for shot in self.recording.snapshots]
        return tuple(
            f"{name}, step {step}" if name in again else name
            for name, step in zip(names, steps, strict=True)
        )


def _checkpoint_name(epoch: float, accuracy: float) -> str:
    when = "untrained" if epoch == 0 else f"epoch {epoch:.3g}"
    return when if np.isnan(accuracy) else f"{when}, {100 * accuracy:.0f} % right"


def shipped_runs() -> dict[str, RecordedRun]:
    """The recordings in the folder `assets`, by key."""
    files = sorted((assets_folder() / "recordings").glob(f"*{SUFFIX}"))
    found = {}
    for file in files:
        try:
            recording = _load_file(str(file), file_version(file))
        except TrainingError as error:
            show_error(error)
        else:
            found[file.stem] = RecordedRun(file.stem, file.stem, recording)
    return found


def uploaded_runs(files: Sequence[Any]) -> dict[str, RecordedRun]:
    """The uploads that are recordings; one message for each that is none."""
    found = {}
    for file in files:
        source = file.getvalue()
        key = hashlib.sha256(source).hexdigest()
        try:
            recording = _load_upload(key, file.name, source)
        except TrainingError as error:
            show_error(error)
        else:
            found[key] = RecordedRun(key, Path(file.name).stem[:80], recording)
    return found


def open_recording(path: Path) -> RecordedRun:
    """A recording that is still growing; read anew when its file changes. Raises TrainingError."""
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
    """The recorded picture, uint8 [H, W, 3]: the sample photo itself, or as the network saw it.

    None where the recording does not hold it.
    """
    name = run.recording.pictures[index].removeprefix(SAMPLE)
    if run.recording.pictures[index] != name and name in {one.name for one in list_samples()}:
        try:
            return shown_sample(name).pixels
        except AttnvizError as error:
            show_error(error)
            return None
    held = run.recording.pixels
    return None if held is None else open_picture(held[index], name="probe").pixels


def same_picture(first: RecordedRun, picture: int, other: RecordedRun, index: int) -> bool:
    """Whether two runs recorded the same picture under these numbers, as far as it is known.

    A name alone does not say it: validation pictures are named by their place and class, whatever
    folder they are of. Where not both runs hold their pictures, equal names have to do.
    """
    one, two = first.recording.pixels, other.recording.pixels
    if one is None or two is None:
        return first.recording.pictures[picture] == other.recording.pictures[index]
    here, there = one[picture], two[index]
    height, width = (min(_CELLS, here.shape[axis], there.shape[axis]) for axis in (0, 1))
    small = [
        cv2.resize(held.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        for held in (here, there)
    ]
    return float(np.abs(small[0] - small[1]).max()) < _MAX_DIFFERENCE


def same_index(first: RecordedRun, picture: int, other: RecordedRun) -> int | None:
    """Where the other run recorded the first run's picture of this number; None where nowhere.

    Several may have its name (arrays are all called "picture"): the one of the same number is
    tried first.
    """
    name = first.recording.pictures[picture]
    named = [n for n, one in enumerate(other.recording.pictures) if one == name]
    named.sort(key=lambda n: n != picture)
    return next((n for n in named if same_picture(first, picture, other, n)), None)


def picture_title(run: RecordedRun, index: int) -> str:
    """What the recorded picture is called."""
    name = run.recording.pictures[index]
    titles = {SAMPLE + one.name: one.title for one in list_samples()}
    return titles.get(name, name)


def run_facts(recording: Recording) -> dict[str, str]:
    """What a recording says of its run, in a few words each; its JSON may be anything."""
    shots = recording.snapshots
    said = {
        "Checkpoints": str(len(shots)),
        "Epochs": f"{shots[-1].epoch:.3g}",
        "Classes": ", ".join(recording.classes[:12]),
    }
    for title, text in (("Recipe", recording.recipe), ("Versions", recording.versions)):
        try:
            held = json.loads(text or "{}")
        except ValueError:
            continue
        for number, one in enumerate(held if isinstance(held, list) else [held], 1):
            if isinstance(one, dict):
                name = f"{title} {number}" if isinstance(held, list) else title
                said[name] = ", ".join(f"{key}: {value}" for key, value in one.items())[:600]
    return said
