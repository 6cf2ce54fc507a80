"""Runs as separate processes that outlive the page that started them.

Everything about a run is in its folder: `job.json` (what to do), `state.json` (how far it is), the
empty files `pause`, `cancel` and `dismissed` (requests from pages), and what it makes. So any
number of pages can watch a run, and closing one does not end it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from filelock import FileLock, Timeout

from attnviz.errors import RunError
from attnviz.jobs.busy import BusyError, refuse_if_busy
from attnviz.jobs.environment import run_environment
from attnviz.jobs.registered_folders import register_folder, runs_folder
from attnviz.jobs.run_names import new_run_folder
from attnviz.jobs.start_lock import start_lock, write_errors
from attnviz.jobs.state import JOB, STATE, JobState, RunPhase, StoredJob
from attnviz.jobs.worker import DISMISS_REQUEST, LOCK, clear_requests

StateT = TypeVar("StateT", bound=JobState)
_START_SECONDS = 60.0  # until a new process holds its lock
_PROCESSES: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class BackgroundRun(ABC, Generic[StateT]):
    """Long work, identified by its folder.

    Attributes
    ----------
    folder
        Holds all files of the run.
    worker
        Module that does the work of the folder that it is called with.
    """

    folder: Path

    worker: ClassVar[str]

    @property
    @abstractmethod
    def kind(self) -> type[StateT]:
        """The kind of its state."""

    @property
    def state(self) -> StateT:
        """How far it is, from its state file; paused (or cancelled) if its process has died."""
        try:
            state = self.kind.read(self.folder)
        except RunError as error:
            return self.kind(RunPhase.FAILED, text=str(error))
        if not state.phase.active or self._alive(state):
            return state
        try:  # it may have ended since it was read
            state = self.kind.read(self.folder)
        except RunError:
            return state
        ended = RunPhase.CANCELLED if (self.folder / "cancel").exists() else RunPhase.PAUSED
        return replace(state, phase=ended) if state.phase.active else state

    def _alive(self, state: JobState) -> bool:
        return is_alive(self.folder, state)

    def pause(self) -> None:
        """Request that it saves and stops; `resume` starts it again."""
        self._request("pause")

    def cancel(self) -> None:
        """Stop it for good; what it has made stays."""
        self._request("cancel")
        state = self.state
        if not state.phase.active and state.phase is not RunPhase.CANCELLED:  # no process will
            replace(state, phase=RunPhase.CANCELLED).write(self.folder)

    def dismiss(self) -> None:
        """Remove it from the list; its files stay."""
        self._request(DISMISS_REQUEST)

    def _request(self, name: str) -> None:
        with write_errors(self.folder):
            (self.folder / name).touch()

    def resume(self, *, concurrent: bool = False) -> None:
        """Start its process, which goes on where it stopped.

        Parameters
        ----------
        concurrent
            Start even while another run is active.

        Raises
        ------
        BusyError
            This run is active, or another one is and `concurrent` is false.
        """
        with start_lock():
            self._start(concurrent=concurrent)

    def _start(self, *, concurrent: bool) -> None:
        state = self.state
        if state.phase.active:
            raise BusyError(f"{self.folder.name} is running already.")
        refuse_if_busy(is_active, concurrent=concurrent)
        clear_requests(self.folder)
        register_folder(self.folder)
        replace(state, phase=RunPhase.READING, text="").write(self.folder)
        with write_errors(self.folder), (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  our own module, in our own folder
                [sys.executable, "-m", self.worker, str(self.folder)],
                env=run_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # closing the app's terminal does not end it
            )
            _PROCESSES[self.folder] = process
            (self.folder / "pid").write_text(str(process.pid))


RunT = TypeVar("RunT", bound=BackgroundRun[Any])


def start_new(
    make: Callable[[Path], RunT], job: StoredJob, parent: Path, title: str, *, concurrent: bool
) -> RunT:
    """Start a run in a process of its own.

    Parameters
    ----------
    make
        Returns the run of a folder.
    job
        What it does.
    parent
        Where the run's folder is made.
    title
        Part of the folder's name.
    concurrent
        Start even while another run is active.

    Returns
    -------
    BackgroundRun
        The run, in a new folder.

    Raises
    ------
    BusyError
        Another run is active and `concurrent` is false.
    """
    with start_lock():
        refuse_if_busy(is_active, concurrent=concurrent)
        with write_errors(parent):
            run = make(new_run_folder(parent, title))
            run.kind(RunPhase.PAUSED).write(run.folder)
            job.write(run.folder)
        run._start(concurrent=concurrent)
    return run


def runs_in(make: Callable[[Path], RunT], folder: Path | None = None) -> tuple[RunT, ...]:
    """Return all runs in a folder, by default `runs_folder`, not dismissed; the newest first."""
    try:
        parent = folder or runs_folder()
    except RunError:  # this user can have none
        return ()
    jobs = sorted(parent.glob(f"*/{JOB}"), key=_started_at)
    runs = [make(file.parent) for file in reversed(jobs)]
    return tuple(run for run in runs if not (run.folder / DISMISS_REQUEST).exists())


def _started_at(job: Path) -> tuple[int, str]:
    try:
        return job.stat().st_mtime_ns, job.parent.name
    except OSError:  # it has gone meanwhile
        return 0, job.parent.name


def run_at(make: Callable[[Path], RunT], folder: Path) -> RunT | None:
    """Return the run in any folder; None if there is none, or the folder cannot be reached."""
    with suppress(OSError):
        if (folder / JOB).is_file():
            return make(folder)
    return None


def is_active(folder: Path) -> bool:
    """Whether a process works on the run in a folder, whatever kind it is."""
    try:
        state = JobState.read(folder)
    except RunError:
        return False
    return state.phase.active and is_alive(folder, state)


def is_alive(folder: Path, state: JobState) -> bool:
    """Whether the process of a run whose state says so lives indeed."""
    process = _PROCESSES.get(folder)
    if process is not None and process.poll() is not None:
        return False
    try:
        with FileLock(folder / LOCK, timeout=0):
            pass
    except Timeout:
        return True
    except OSError:
        return False
    if process is not None or state.phase is not RunPhase.READING:
        return process is not None
    age = time.time() - (folder / STATE).stat().st_mtime
    return age < _START_SECONDS  # started by another server, and not yet holding its lock
