"""What is known of a live run, in files that every page and the run's own process can read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from attnviz.errors import TrainingError
from attnviz.files import write_whole

JOB = "job.json"


class Phase(StrEnum):
    """What a run is doing. A run that was killed counts as paused: it can be gone on with, and so
    can one that failed; one that diverged would do so again.
    """

    READING = "reading"
    TRAINING = "training"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"
    FAILED = "failed"
    DIVERGED = "diverged"

    @property
    def going(self) -> bool:
        """Whether a process works on it."""
        return self in (Phase.READING, Phase.TRAINING)


@dataclass(frozen=True)
class Job:
    """What to train: see `train_and_export`."""

    recipe: str
    data: str
    size: int
    device: str = "auto"
    half: str = "auto"
    probes: str = "val"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The job of the run in `folder`; raises TrainingError where that is not to be read."""
        return cls(**_fitting(cls, folder / JOB))

    def write(self, folder: Path) -> None:
        """Raises TrainingError where it cannot be written."""
        text = json.dumps(asdict(self))
        write_whole(folder / JOB, lambda partial: partial.write_text(text, "utf-8"))


@dataclass(frozen=True)
class State:
    """How far a run is. accuracy, loss: NaN until measured. seconds: of training, all in all.

    text: why it ended. notes: what a user should know besides, such as pictures left out. share: of
    all the work, how much is done, 0..1, for steps with small pictures take less; 0 if not known.
    """

    phase: Phase
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    loss: float = float("nan")
    accuracy: float = float("nan")
    text: str = ""
    notes: str = ""
    share: float = 0.0

    @property
    def done(self) -> float:
        """How much of all the work is done, 0..1; by the steps where the share is not known."""
        steps = self.step / self.steps if self.steps else 0.0
        return min(self.share or steps, 1.0)

    @property
    def left(self) -> float | None:
        """Seconds until it is done, if it goes on as it did; None before the first step."""
        if not self.step or not self.done:
            return None
        return self.seconds * (1 - self.done) / self.done

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The state of the run in `folder`; raises TrainingError where that is not to be read."""
        path = folder / "state.json"
        held = _fitting(cls, path)
        try:
            return cls(**{**held, "phase": Phase(held["phase"])})
        except (ValueError, KeyError) as error:
            raise TrainingError(f"{path} cannot be read ({error}).") from error

    def write(self, folder: Path) -> None:
        """Raises TrainingError where it cannot be written."""
        text = json.dumps(asdict(self))
        write_whole(folder / "state.json", lambda partial: partial.write_text(text, "utf-8"))


def _fitting(kind: type, path: Path) -> dict[str, Any]:
    """The JSON object in a file; all its parts are fields of `kind` and of its fields' types."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        wanted = {one.name: str(one.type) for one in fields(kind)}
        types: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "Phase": str}
        if not all(isinstance(value, types[wanted[name]]) for name, value in held.items()):
            raise ValueError("a part of it is of another kind")
        missing = {"recipe", "data", "size", "phase"} & wanted.keys() - held.keys()
        if missing:
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        return dict(held)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise TrainingError(
            f"{path} cannot be read ({error}). It may come from another version of attnviz."
        ) from error
