"""What the process of a run does: the job of its folder, and its state in a file."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from filelock import FileLock, Timeout

from attnviz.errors import AttnvizError, RunError
from attnviz.jobs.registered_folders import register_folder
from attnviz.jobs.state import JobState, RunPhase, StoredJob
from attnviz.private_memory import hide_hosted_memory

LOCK = "lock"  # held while the process lives; the system releases it, however that ends
STOP_REQUESTS = ("pause", "cancel")
DISMISS_REQUEST = "dismissed"
LOCK_SECONDS = 10.0  # pages that check whether the run is alive hold it for a moment
_WRITE_SECONDS = 0.5

StateT = TypeVar("StateT", bound=JobState)
JobT = TypeVar("JobT", bound=StoredJob)


class StoppedOnRequestError(AttnvizError):
    """A run was stopped on request; it can go on."""


def clear_requests(folder: Path) -> None:
    """Remove all requests from the folder of a run that starts or is resumed."""
    for request in (*STOP_REQUESTS, DISMISS_REQUEST):
        (folder / request).unlink(missing_ok=True)


def log(message: str) -> None:
    """Write a line to standard output, which is log.txt where a page started the process."""
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


@dataclass
class JobWorker(ABC, Generic[JobT, StateT]):
    """Does the job of a folder and keeps its state file up to date.

    Attributes
    ----------
    folder
        Of the run.
    last
        The state that was written last.
    notes
        Messages for the user.
    """

    folder: Path
    last: StateT
    written_at: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    @abstractmethod
    def job_kind(self) -> type[JobT]:
        """The kind of its job."""

    @abstractmethod
    def do(self, job: JobT) -> str:
        """Do the job; return a sentence with the result. StoppedOnRequestError ends it early."""

    def phase_of(self, error: AttnvizError) -> RunPhase:
        """Return how a run ends that raises this error."""
        del error
        return RunPhase.FAILED

    def work(self) -> None:
        """Do the folder's job. Errors go into the log and the state file, and are not raised.

        Nothing is done if another process does it.
        """
        hide_hosted_memory()
        try:
            with FileLock(self.folder / LOCK, timeout=LOCK_SECONDS):
                register_folder(self.folder)  # again: it may have looked dead while it was starting
                self._work()
        except Timeout:
            log(f"Another process works in {self.folder}.")

    def _work(self) -> None:
        try:
            self.last = replace(type(self.last).read(self.folder), notes="")
            log(self.run(self.job_kind.read(self.folder)))
        except (AttnvizError, OSError) as error:
            log(str(error))
            if self.last.phase.active:  # the job itself could not be read
                self._end(RunPhase.FAILED, str(error))

    def work_here(
        self, job: JobT, start: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> str:
        """Do a job in this process, so that pages can watch, pause and cancel it.

        Parameters
        ----------
        job
            What to do; a run that is there is resumed.
        start
            Context that is entered until the run is visible to others. It may refuse by raising.

        Returns
        -------
        str
            A sentence with the result.

        Raises
        ------
        RunError
            Another process works in this folder.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                with start():
                    stack.enter_context(FileLock(self.folder / LOCK, timeout=LOCK_SECONDS))
                    clear_requests(self.folder)
                    job.write(self.folder)
                    self._reading()
                    register_folder(self.folder)
                return self.run(job)
        except Timeout as error:
            raise RunError(f"Another process works in {self.folder}.") from error

    def run(self, job: JobT) -> str:
        """Work until the end, a request or an error; the final state is written in any case."""
        try:
            self._reading()
            text = self.do(job)
            self._end(RunPhase.DONE, text)
            return text
        except StoppedOnRequestError as error:
            cancelled = (self.folder / "cancel").exists()
            self._end(RunPhase.CANCELLED if cancelled else RunPhase.PAUSED, str(error))
            raise
        except AttnvizError as error:
            self._end(self.phase_of(error), str(error))
            raise
        except OSError as error:
            reason = error.strerror or error
            text = f"Reading or writing failed ({reason}). Fix that and resume: what was done is "
            self._end(RunPhase.FAILED, text + "kept.")
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}. See log.txt in {self.folder}."
            self._end(RunPhase.FAILED, text)
            raise

    def keep_running(self) -> bool:
        """Whether nobody has requested that it stops."""
        return not any((self.folder / request).exists() for request in STOP_REQUESTS)

    def cancel_after(self, minutes: float, seconds: float) -> None:
        """Request the end of a run that may take so many minutes, and has taken these seconds."""
        if 0 < minutes < seconds / 60:
            (self.folder / "cancel").touch()
            self.notify(f"It was ended after {minutes:g} minutes, the most that is allowed.")

    def notify(self, message: str) -> None:
        """Tell the user something that does not end the run."""
        log(message)
        self.notes.append(message)
        self.last = replace(self.last, notes=" ".join(self.notes))
        self.last.write(self.folder)

    def tell(self, *, at_once: bool = False, **changes: Any) -> None:
        """Write how far the work is, at most twice a second unless `at_once`."""
        if at_once or time.monotonic() - self.written_at > _WRITE_SECONDS:
            self.written_at = time.monotonic()
            self.last = replace(self.last, phase=RunPhase.WORKING, **changes)
            self.last.write(self.folder)

    def _reading(self) -> None:
        self.last = replace(self.last, phase=RunPhase.READING)
        self.last.write(self.folder)

    def _end(self, phase: RunPhase, text: str) -> None:
        self.last = replace(self.last, phase=phase, text=text)
        try:
            self.last.write(self.folder)
        except RunError as error:  # pages see that the process has ended
            log(str(error))
