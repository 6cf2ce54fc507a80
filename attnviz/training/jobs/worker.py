"""Training that pages can watch, in a process of its own or from the command line.

A run that a page started is the process `python -m attnviz.training.jobs.worker FOLDER`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from attnviz.errors import AttnvizError, DivergedError, TrainingError
from attnviz.training.data.data import ClassFolder
from attnviz.training.jobs.registered_folders import register_folder
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.training.loop.checkpoint import TrainingState
from attnviz.training.loop.evaluate import chance_accuracy
from attnviz.training.loop.run import train_and_export
from attnviz.training.loop.trainer import QUICK_SCORE, PausedError
from attnviz.training.recipe import Recipe

LOCK = "lock"  # held while the process lives; the system releases it, however that ends
STOP_REQUESTS = ("pause", "cancel")
DISMISS_REQUEST = "dismissed"
_WRITE_SECONDS = 0.5
_LOCK_SECONDS = 10.0  # pages that check whether the run is alive hold it for a moment


def work(folder: Path) -> None:
    """Do the job in `folder` and write its state there; nothing if another process does it."""
    try:
        with FileLock(folder / LOCK, timeout=_LOCK_SECONDS):
            register_folder(folder)  # again: it may have looked dead while it was starting
            _Worker(folder).work()
    except Timeout:
        _log(f"{folder} is being trained by another process.")


def train_in_folder(
    folder: Path, job: Job, start: Callable[[], AbstractContextManager[None]] = nullcontext
) -> str:
    """Do a job in this process, so that pages can watch, pause and cancel it.

    Parameters
    ----------
    folder
        Where everything is written; a run that is there is resumed.
    job
        What to train.
    start
        Context that is entered until the run is visible to others. It may refuse by raising.

    Returns
    -------
    str
        A sentence with the result.

    Raises
    ------
    TrainingError
        As `train_and_export`, or another process trains in this folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            with start():
                stack.enter_context(FileLock(folder / LOCK, timeout=_LOCK_SECONDS))
                clear_requests(folder)
                job.write(folder)
                RunState(RunPhase.READING).write(folder)
                register_folder(folder)
            return _Worker(folder).train(job)
    except Timeout as error:
        raise TrainingError(f"{folder} is being trained by another process.") from error


def clear_requests(folder: Path) -> None:
    """Remove all requests from the folder of a run that starts or is resumed."""
    for request in (*STOP_REQUESTS, DISMISS_REQUEST):
        (folder / request).unlink(missing_ok=True)


@dataclass
class _Worker:
    """Does the job of a folder and keeps its state file up to date."""

    folder: Path
    last: RunState = field(default_factory=lambda: RunState(RunPhase.READING))
    written_at: float = 0.0
    notes: list[str] = field(default_factory=list)
    scored: int = 0
    chance: float = 0.0

    def work(self) -> None:
        """Do the folder's job. Errors go into the log and the state file, and are not raised."""
        try:
            self.last = replace(RunState.read(self.folder), notes="")
            _log(self.train(Job.read(self.folder)))
        except (AttnvizError, OSError) as error:
            _log(str(error))
            if self.last.phase.active:  # the job itself could not be read
                self._end(RunPhase.FAILED, str(error))

    def train(self, job: Job) -> str:
        """Train until the end, a request or an error; the final state is written in any case."""
        try:
            self.last = replace(self.last, phase=RunPhase.READING)
            self.last.write(self.folder)
            recipe = Recipe.from_json(job.recipe)
            text = train_and_export(
                recipe,
                Path(job.data),
                self.folder,
                size=job.size,
                device=job.device,
                half=job.half,
                probes=job.probes,
                on_step=partial(self._on_step, recipe, job.minutes),
                keep_running=self._keep_running,
                notify=self._notify,
                on_data=self._on_data,
            )
            self._end(RunPhase.DONE, text)
            return text
        except PausedError as error:
            cancelled = (self.folder / "cancel").exists()
            self._end(RunPhase.CANCELLED if cancelled else RunPhase.PAUSED, str(error))
            raise
        except AttnvizError as error:
            diverged = isinstance(error, DivergedError)
            self._end(RunPhase.DIVERGED if diverged else RunPhase.FAILED, str(error))
            raise
        except OSError as error:
            reason = error.strerror or error
            text = f"Reading or writing failed ({reason}). Fix that and resume: the last "
            self._end(RunPhase.FAILED, text + "checkpoint is complete.")
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}. See log.txt in {self.folder}."
            self._end(RunPhase.FAILED, text)
            raise

    def _on_step(self, recipe: Recipe, minutes: float, progress: TrainingState, steps: int) -> bool:
        """Write the state, at most twice a second; returns whether to keep training."""
        if 0 < minutes < progress.seconds / 60:
            (self.folder / "cancel").touch()
            self._notify(f"It was ended after {minutes:g} minutes, the most that is allowed.")
        if progress.step == steps or time.monotonic() - self.written_at > _WRITE_SECONDS:
            self.written_at = time.monotonic()
            self.last = RunState(
                RunPhase.TRAINING, progress.step, steps, progress.seconds,
                progress.loss, progress.accuracy, notes=self.last.notes,
                share=recipe.share_at(progress.step / steps * recipe.epochs),
                scored=self.scored, chance=self.chance,
            )  # fmt: skip
            self.last.write(self.folder)
        return self._keep_running()

    def _on_data(self, data: ClassFolder) -> None:
        scored = data.validation.spread_sample(QUICK_SCORE)
        self.scored, self.chance = len(scored), chance_accuracy(scored.labels)

    def _keep_running(self) -> bool:
        return not any((self.folder / request).exists() for request in STOP_REQUESTS)

    def _notify(self, message: str) -> None:
        _log(message)
        self.notes.append(message)
        self.last = replace(self.last, notes=" ".join(self.notes))
        self.last.write(self.folder)

    def _end(self, phase: RunPhase, text: str) -> None:
        self.last = replace(self.last, phase=phase, text=text)
        try:
            self.last.write(self.folder)
        except TrainingError as error:  # pages see that the process has ended
            _log(str(error))


def _log(message: str) -> None:
    """Write a line to standard output, which is log.txt where a page started the process."""
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
