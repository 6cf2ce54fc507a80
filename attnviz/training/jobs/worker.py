"""Training that pages can watch: in a process of its own, or by the command line.

The process of a run that a page began is `python -m attnviz.training.jobs.worker FOLDER`.
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
from attnviz.training.jobs.registered_folders import note_elsewhere
from attnviz.training.jobs.state import Job, Phase, State
from attnviz.training.loop.checkpoint import TrainingState
from attnviz.training.loop.run import train_and_export
from attnviz.training.loop.trainer import PausedError
from attnviz.training.recipe import Recipe

LOCK = "lock"  # held as long as the process lives; the system lets go of it, however it ends
WISHES = ("pause", "cancel")
DISMISSED = "dismissed"
_TELL_SECONDS = 0.5
_LOCK_SECONDS = 10.0  # who asks whether the run is alive holds it for a moment


def work(folder: Path) -> None:
    """Train what `folder` says and tell there how it goes; nothing if another process does."""
    try:
        with FileLock(folder / LOCK, timeout=_LOCK_SECONDS):
            note_elsewhere(folder)  # again: it may have looked dead while it was starting
            _Worker(folder).work()
    except Timeout:
        _log(f"{folder} is being trained by another process.")


def train_watched(
    folder: Path, job: Job, start: Callable[[], AbstractContextManager[None]] = nullcontext
) -> str:
    """Do a job in `folder` as the command line does, so that pages can watch, pause and cancel it.

    A run found there is gone on with. start: is entered until others can see that it has begun; may
    refuse by what it raises. Returns what came out; raises what `train_and_export` raises, and
    TrainingError where another process trains in this folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            with start():
                held.enter_context(FileLock(folder / LOCK, timeout=_LOCK_SECONDS))
                forget_wishes(folder)
                job.write(folder)
                State(Phase.READING).write(folder)
                note_elsewhere(folder)
            return _Worker(folder).train(job)
    except Timeout as error:
        raise TrainingError(f"{folder} is being trained by another process.") from error


def forget_wishes(folder: Path) -> None:
    """Of a run that is taken up again: it shall neither stop nor be hidden."""
    for wish in (*WISHES, DISMISSED):
        (folder / wish).unlink(missing_ok=True)


@dataclass
class _Worker:
    folder: Path
    last: State = field(default_factory=lambda: State(Phase.READING))
    told: float = 0.0
    notes: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Do the folder's job; what goes wrong is in the log, and raised only where nobody knows
        why.
        """
        try:
            self.last = replace(State.read(self.folder), notes="")
            _log(self.train(Job.read(self.folder)))
        except (AttnvizError, OSError) as error:
            _log(str(error))
            if self.last.phase.going:  # not even the job could be read
                self._end(Phase.FAILED, str(error))

    def train(self, job: Job) -> str:
        """Train to the end, to a wish, or to an error; the last word is written in any case."""
        try:
            self.last = replace(self.last, phase=Phase.READING)
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
                watch=partial(self._watch, recipe),
                wanted=self._wanted,
                say=self._say,
            )
            self._end(Phase.DONE, text)
            return text
        except PausedError as error:
            cancelled = (self.folder / "cancel").exists()
            self._end(Phase.CANCELLED if cancelled else Phase.PAUSED, str(error))
            raise
        except AttnvizError as error:
            diverged = isinstance(error, DivergedError)
            self._end(Phase.DIVERGED if diverged else Phase.FAILED, str(error))
            raise
        except OSError as error:
            reason = error.strerror or error
            text = f"Reading or writing failed ({reason}). Mend that, then go on: the last "
            self._end(Phase.FAILED, text + "checkpoint is whole.")
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}. log.txt in {self.folder} says more."
            self._end(Phase.FAILED, text)
            raise

    def _watch(self, recipe: Recipe, progress: TrainingState, steps: int) -> bool:
        """Tell how far it is, not too often, and hear whether it shall stop."""
        done = progress.step == steps
        if done or time.monotonic() - self.told > _TELL_SECONDS:
            self.told = time.monotonic()
            self.last = State(
                Phase.TRAINING, progress.step, steps, progress.seconds,
                progress.loss, progress.accuracy, notes=self.last.notes,
                share=recipe.share_at(progress.step / steps * recipe.epochs),
            )  # fmt: skip
            self.last.write(self.folder)
        return self._wanted()

    def _wanted(self) -> bool:
        return not any((self.folder / wish).exists() for wish in WISHES)

    def _say(self, sentence: str) -> None:
        _log(sentence)
        self.notes.append(sentence)
        self.last = replace(self.last, notes=" ".join(self.notes))
        self.last.write(self.folder)

    def _end(self, phase: Phase, text: str) -> None:
        self.last = replace(self.last, phase=phase, text=text)
        try:
            self.last.write(self.folder)
        except TrainingError as error:  # the log has the text; pages see that the process is gone
            _log(str(error))


def _log(sentence: str) -> None:
    """Into log.txt, which is this process's output."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
