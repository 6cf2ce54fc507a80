"""The process that a live run is trained in: `python -m attnviz.training.live_worker FOLDER`."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from attnviz.errors import AttnvizError, TrainingError
from attnviz.training.checkpoint import Progress
from attnviz.training.live_state import Job, Phase, State
from attnviz.training.recipe import Recipe
from attnviz.training.run import train_and_export
from attnviz.training.trainer import PausedError

LOCK = "lock"  # held as long as the process lives; the system lets go of it, however it ends
WISHES = ("pause", "cancel")
_TELL_SECONDS = 0.5
_LOCK_SECONDS = 10.0  # who asks whether the run is alive holds it for a moment


def work(folder: Path) -> None:
    """Train what `folder` says and tell there how it goes; nothing if another process does."""
    try:
        with FileLock(folder / LOCK, timeout=_LOCK_SECONDS):
            _Worker(folder).work()
    except Timeout:
        _log(f"{folder} is being trained by another process.")


@dataclass
class _Worker:
    folder: Path
    last: State = field(default_factory=lambda: State(Phase.READING))
    told: float = 0.0
    notes: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Train to the end, to a wish, or to an error; the last word is written in any case."""
        try:
            self.last = replace(State.read(self.folder), notes="")
            job = Job.read(self.folder)
            text = train_and_export(
                Recipe.from_json(job.recipe),
                Path(job.data),
                self.folder,
                size=job.size,
                device=job.device,
                watch=self._watch,
                say=self._say,
            )
            self._end(Phase.DONE, text)
        except PausedError as error:
            cancelled = (self.folder / "cancel").exists()
            self._end(Phase.CANCELLED if cancelled else Phase.PAUSED, str(error))
        except AttnvizError as error:
            self._end(Phase.FAILED, str(error))
        except OSError as error:
            reason = error.strerror or error
            text = f"Reading or writing failed ({reason}). Mend that, then go on: the last "
            self._end(Phase.FAILED, text + "checkpoint is whole.")
        except Exception as error:
            text = f"{type(error).__name__}: {error}. log.txt in {self.folder} says more."
            self._end(Phase.FAILED, text)
            raise

    def _watch(self, progress: Progress, steps: int) -> bool:
        """Tell how far it is, not too often, and hear whether it shall stop."""
        done = progress.step == steps
        if done or time.monotonic() - self.told > _TELL_SECONDS:
            self.told = time.monotonic()
            self.last = State(
                Phase.TRAINING, progress.step, steps, progress.seconds,
                progress.loss, progress.accuracy, notes=self.last.notes,
            )  # fmt: skip
            self.last.write(self.folder)
        return not any((self.folder / wish).exists() for wish in WISHES)

    def _say(self, sentence: str) -> None:
        _log(sentence)
        self.notes.append(sentence)
        self.last = replace(self.last, notes=" ".join(self.notes))
        self.last.write(self.folder)

    def _end(self, phase: Phase, text: str) -> None:
        _log(text)
        try:
            replace(self.last, phase=phase, text=text).write(self.folder)
        except TrainingError as error:  # the log has the text; pages see that the process is gone
            _log(str(error))


def _log(sentence: str) -> None:
    """Into log.txt, which is this process's output."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
