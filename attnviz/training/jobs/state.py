"""Job and state of a run, as JSON files that every page and the run's own process can read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from attnviz.errors import TrainingError
from attnviz.files import write_atomically

JOB = "job.json"
STATE = "state.json"


class RunPhase(StrEnum):
    """What a run is doing.

    A run whose process was killed counts as paused. Paused and failed runs can be resumed; a
    diverged one would diverge again.
    """

    READING = "reading"
    TRAINING = "training"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"
    FAILED = "failed"
    DIVERGED = "diverged"

    @property
    def active(self) -> bool:
        """Whether a process is working on the run."""
        return self in (RunPhase.READING, RunPhase.TRAINING)


@dataclass(frozen=True)
class Job:
    """What to train: arguments of `train_and_export`.

    Attributes
    ----------
    recipe
        JSON of a `Recipe`.
    data
        Folder of class folders.
    size
        Input side in pixels once trained.
    device, half, probes
        As for `train_and_export`.
    minutes
        After so many minutes of training it is cancelled; 0: never.
    """

    recipe: str
    data: str
    size: int
    device: str = "auto"
    half: str = "auto"
    probes: str = "val"
    minutes: float = 0.0

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the job of the run in `folder`; raises TrainingError where that fails."""
        return cls(**_read_fields(cls, folder / JOB))

    def write(self, folder: Path) -> None:
        """Write the job into `folder`; raises TrainingError where that fails."""
        text = json.dumps(asdict(self))
        write_atomically(folder / JOB, lambda partial: partial.write_text(text, "utf-8"))


@dataclass(frozen=True)
class RunState:
    """How far a run is.

    Attributes
    ----------
    phase
        What it is doing.
    step, steps
        Optimiser steps done, and all of them.
    seconds
        Training time so far, over all resumptions.
    loss, accuracy
        Latest values; NaN until measured.
    text
        Why the run ended.
    notes
        Messages for the user, such as pictures that were left out.
    share
        Share of all the work that is done, 0..1 (steps with small pictures take less time); 0 if
        not known.
    scored
        Number of pictures that the accuracy is measured on; 0 if not known.
    chance
        Accuracy of always naming the most frequent class among them, 0..1.
    """

    phase: RunPhase
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    loss: float = float("nan")
    accuracy: float = float("nan")
    text: str = ""
    notes: str = ""
    share: float = 0.0
    scored: int = 0
    chance: float = 0.0

    @property
    def completed(self) -> float:
        """Share of all the work that is done, 0..1; counted in steps where `share` is not known."""
        steps = self.step / self.steps if self.steps else 0.0
        return min(self.share or steps, 1.0)

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the end, at the speed so far; None before the first step."""
        if not self.step or not self.completed:
            return None
        return self.seconds * (1 - self.completed) / self.completed

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the state of the run in `folder`; raises TrainingError where that fails."""
        path = folder / STATE
        values = _read_fields(cls, path)
        try:
            return cls(**{**values, "phase": RunPhase(values["phase"])})
        except (ValueError, KeyError) as error:
            raise TrainingError(f"{path} cannot be read ({error}).") from error

    def write(self, folder: Path) -> None:
        """Write the state into `folder`; raises TrainingError where that fails."""
        text = json.dumps(asdict(self))
        write_atomically(folder / STATE, lambda partial: partial.write_text(text, "utf-8"))


def _read_fields(kind: type, path: Path) -> dict[str, Any]:
    """The JSON object in a file, checked against names and types of the fields of `kind`."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        expected = {field.name: str(field.type) for field in fields(kind)}
        types: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "RunPhase": str}
        if not all(isinstance(value, types[expected[name]]) for name, value in values.items()):
            raise ValueError("a value has the wrong type")
        missing = {"recipe", "data", "size", "phase"} & expected.keys() - values.keys()
        if missing:
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        return dict(values)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise TrainingError(
            f"{path} cannot be read ({error}). It may come from another version of attnviz."
        ) from error
