"""Training in a process of its own, which outlives the page that began it.

All that is known of a run lies in its folder: `job.json` (what to do), `state.json` (how far it
is), `pause` and `cancel` (wishes of whoever watches), the checkpoint, the recording, the weights.
Any number of pages can therefore watch the same run, and none of them can kill it by closing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError, TrainingError
from attnviz.training.checkpoint import Progress
from attnviz.training.recipe import Recipe
from attnviz.training.run import train_and_export
from attnviz.training.trainer import PausedError

_TELL_SECONDS = 0.5
_BEGUN: dict[Path, subprocess.Popen[bytes]] = {}  # until they are asked, dead children seem alive


class Phase(StrEnum):
    """What a run is doing. A run that was killed counts as paused: it can be gone on with."""

    READING = "reading"
    TRAINING = "training"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """What to train: see `train_and_export`."""

    recipe: str
    data: str
    size: int
    device: str = "auto"


@dataclass(frozen=True)
class State:
    """How far a run is. accuracy, loss: NaN until measured. seconds: of training, all in all."""

    phase: Phase
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    loss: float = float("nan")
    accuracy: float = float("nan")
    text: str = ""

    @property
    def left(self) -> float | None:
        """Seconds until it is done, if it goes on as it did; None before the first step."""
        return self.seconds / self.step * (self.steps - self.step) if self.step else None


@dataclass(frozen=True)
class LiveRun:
    """A run by its folder."""

    folder: Path

    @property
    def job(self) -> Job:
        """What it trains; raises TrainingError where that is not to be read."""
        return Job(**_read(self.folder / "job.json"))

    @property
    def recording(self) -> Path:
        """Where its recording lies once there is a checkpoint."""
        return self.folder / f"{Recipe.from_json(self.job.recipe).model}.attn"

    @property
    def state(self) -> State:
        """How far it is, by its own word; paused where its process has died."""
        try:
            held = _read(self.folder / "state.json")
        except TrainingError:
            return State(Phase.PAUSED)
        state = State(**{**held, "phase": Phase(held["phase"])})
        if state.phase in (Phase.READING, Phase.TRAINING) and not self._alive():
            return State(**{**asdict(state), "phase": Phase.PAUSED})
        return state

    def _alive(self) -> bool:
        begun = _BEGUN.get(self.folder)
        if begun is not None and begun.poll() is not None:
            return False
        try:
            os.kill(int((self.folder / "pid").read_text()), 0)
        except (OSError, ValueError):
            return False
        return True

    def pause(self) -> None:
        """Ask it to save and stop; `go_on` starts it again."""
        (self.folder / "pause").touch()

    def cancel(self) -> None:
        """Stop it for good; what it has recorded stays."""
        (self.folder / "cancel").touch()
        if self.state.phase is Phase.PAUSED:  # nobody is there to hear it
            _write(self.folder, State(**{**asdict(self.state), "phase": Phase.CANCELLED}))

    def go_on(self) -> None:
        """Start its process, from the last checkpoint if there is one.

        Raises TrainingError if it runs already.
        """
        if self.state.phase in (Phase.READING, Phase.TRAINING):
            raise TrainingError(f"{self.folder.name} is being trained already.")
        (self.folder / "pause").unlink(missing_ok=True)
        _write(self.folder, State(**{**asdict(self.state), "phase": Phase.READING, "text": ""}))
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  our own module, in our own folder
                [sys.executable, "-m", "attnviz.training.live", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # closing the app's terminal does not end it
            )
        _BEGUN[self.folder] = process
        (self.folder / "pid").write_text(str(process.pid))


def runs_folder() -> Path:
    """Where runs lie: `$ATTNVIZ_RUNS`, else `.attnviz/runs` in the user's home."""
    return Path(os.environ.get("ATTNVIZ_RUNS") or Path.home() / ".attnviz" / "runs")


def live_runs() -> tuple[LiveRun, ...]:
    """All runs that were begun from here and not cancelled, the newest first."""
    jobs = sorted(runs_folder().glob("*/job.json"), key=lambda file: file.parent.name)
    runs = [LiveRun(file.parent) for file in reversed(jobs)]
    return tuple(run for run in runs if run.state.phase is not Phase.CANCELLED)


def begin(recipe: Recipe, data: Path, *, size: int, device: str = "auto") -> LiveRun:
    """Begin a run in a process of its own.

    Raises TrainingError while another one is running: two would halve each other's speed, and a
    GPU may not hold both.
    """
    for run in live_runs():
        if run.state.phase in (Phase.READING, Phase.TRAINING):
            raise TrainingError(
                f"{run.folder.name} is being trained. Wait for it, pause it, or cancel it."
            )
    folder = runs_folder() / f"{time.strftime('%Y-%m-%d %H.%M.%S')} {recipe.model}"
    try:
        folder.mkdir(parents=True)
        job = Job(recipe.to_json(), str(data), size, device)
        (folder / "job.json").write_text(json.dumps(asdict(job)), encoding="utf-8")
    except OSError as error:
        raise TrainingError(f"{folder} cannot be written ({error}). Set ATTNVIZ_RUNS.") from error
    run = LiveRun(folder)
    run.go_on()
    return run


def work(folder: Path) -> None:
    """What the run's own process does."""
    job, last = Job(**_read(folder / "job.json")), LiveRun(folder).state
    told = 0.0

    def watch(progress: Progress, steps: int) -> bool:
        nonlocal told, last
        if time.monotonic() - told > _TELL_SECONDS or progress.step == steps:
            told = time.monotonic()
            last = State(
                Phase.TRAINING,
                progress.step,
                steps,
                progress.seconds,
                progress.loss,
                progress.accuracy,
            )
            _write(folder, last)
        return not any((folder / wish).exists() for wish in ("pause", "cancel"))

    def end(phase: Phase, text: str) -> None:
        _write(folder, State(**{**asdict(last), "phase": phase, "text": text}))

    try:
        text = train_and_export(
            Recipe.from_json(job.recipe),
            Path(job.data),
            folder,
            size=job.size,
            device=job.device,
            watch=watch,
        )
        end(Phase.DONE, text)
    except PausedError as error:
        end(Phase.CANCELLED if (folder / "cancel").exists() else Phase.PAUSED, str(error))
    except AttnvizError as error:
        end(Phase.FAILED, str(error))
    except OSError as error:
        end(
            Phase.FAILED,
            f"Writing failed ({error.strerror or error}). Make room on the disk, then go on; "
            "the last checkpoint is whole.",
        )
    except Exception as error:
        end(Phase.FAILED, f"{type(error).__name__}: {error}. log.txt in {folder} says more.")
        raise


def _read(path: Path) -> dict[str, Any]:
    try:
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return dict(held)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read ({error}).") from error


def _write(folder: Path, state: State) -> None:
    partial = folder / "state.json.partial"
    partial.write_text(json.dumps(asdict(state)), encoding="utf-8")
    partial.replace(folder / "state.json")


if __name__ == "__main__":
    work(Path(sys.argv[1]))
