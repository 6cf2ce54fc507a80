"""Job and state of a run, as JSON files that every page and the run's own process can read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from attnviz.errors import RunError
from attnviz.files import write_atomically
from attnviz.untrusted.fields import Check, checked_fields
from attnviz.untrusted.values import (
    UNREADABLE,
    checked_count,
    checked_number,
    read_json,
    reason_of,
)

JOB = "job.json"
STATE = "state.json"
_MOST_BYTES = 1_000_000


class RunPhase(StrEnum):
    """What a run is doing.

    A run whose process was killed counts as paused. Paused and failed runs can be resumed; a
    diverged one would diverge again.
    """

    READING = "reading"
    WORKING = "working"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"
    FAILED = "failed"
    DIVERGED = "diverged"

    @classmethod
    def _missing_(cls, value: object) -> RunPhase | None:
        """Read what versions before 0.2 wrote of trainings."""
        return cls.WORKING if value == "training" else None

    @property
    def active(self) -> bool:
        """Whether a process is working on the run."""
        return self in (RunPhase.READING, RunPhase.WORKING)


@dataclass(frozen=True)
class StoredJob:
    """What a run does, as it is written in its folder; each kind of run adds its fields."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the job of the run in `folder`; raises RunError where that fails."""
        return cls(**_read_fields(cls, folder / JOB))

    def write(self, folder: Path) -> None:
        """Write the job into `folder`; raises RunError where that fails."""
        _write(folder / JOB, asdict(self))


@dataclass(frozen=True)
class JobState:
    """How far a run is; each kind of run may add fields.

    Attributes
    ----------
    phase
        What it is doing.
    step, steps
        Steps done, and all of them.
    seconds
        Working time so far, over all resumptions.
    text
        Why the run ended.
    notes
        Messages for the user, such as pictures that were left out.
    share
        Share of all the work that is done, 0..1, where steps take unequal time; 0 if not known.
    """

    phase: RunPhase
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    text: str = ""
    notes: str = ""
    share: float = 0.0

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
        """Read the state of the run in `folder`; raises RunError where that fails.

        `JobState.read` reads that of a run of any kind, and leaves out what a kind has added.
        """
        return cls(**_read_fields(cls, folder / STATE, more=cls is JobState))

    def write(self, folder: Path) -> None:
        """Write the state into `folder`; raises RunError where that fails."""
        _write(folder / STATE, asdict(self))


def _write(path: Path, values: dict[str, Any]) -> None:
    text = json.dumps(values)
    write_atomically(path, lambda partial: partial.write_text(text, "utf-8"), RunError)


def _read_fields(kind: type, path: Path, *, more: bool = False) -> dict[str, Any]:
    """The JSON object in a file, checked against names and types of the fields of `kind`.

    `more`: other names may be there, and are left out.
    """
    try:
        values = read_json(path, _MOST_BYTES, nan=True)
        if more:
            own = {field.name for field in fields(kind)}
            values = {name: value for name, value in values.items() if name in own}
        return checked_fields(kind, values, _CHECKS)
    except (OSError, *UNREADABLE) as error:
        raise RunError(
            f"{path} cannot be read ({reason_of(error)}). It may come from another version of "
            "attnviz."
        ) from error


def _count(value: object) -> int:
    return checked_count(value, 0, 10**12, "a count")


def _amount(value: object) -> float:
    number = checked_number(value)
    if number < 0:
        raise ValueError("a number is below 0")
    return number


def _share(value: object) -> float:
    number = _amount(value)
    if number > 1.001:  # sums of steps are rounded
        raise ValueError("a share is above 1")
    return number


_CHECKS: dict[str, Check] = {
    "phase": RunPhase, "step": _count, "steps": _count, "scored": _count,
    "seconds": _amount, "share": _share, "chance": _share,
}  # fmt: skip
