"""Training runs as separate processes that outlive the page that started them.

Everything about a run is in its folder: `job.json` (what to train), `state.json` (how far it is),
the empty files `pause`, `cancel` and `dismissed` (requests from pages), checkpoint, recording and
weights. So any number of pages can watch a run, and closing one does not end it. `attnviz train`
writes the same files: its runs can be watched too.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from attnviz.errors import TrainingError
from attnviz.training.jobs.registered_folders import (
    register_folder,
    registered_folders,
    unregister_folder,
)
from attnviz.training.jobs.registered_folders import runs_folder as runs_folder
from attnviz.training.jobs.run_names import new_run_folder
from attnviz.training.jobs.start_lock import start_lock, write_errors
from attnviz.training.jobs.state import JOB, Job, RunPhase, RunState
from attnviz.training.jobs.worker import DISMISS_REQUEST, LOCK, clear_requests, train_in_folder
from attnviz.training.recipe import Recipe

MOST_AT_ONCE = 3  # trainings of this user, however they were started
_START_SECONDS = 60.0  # until a new process holds its lock
_PROCESSES: dict[Path, subprocess.Popen[bytes]] = {}


class BusyError(TrainingError):
    """Another training is running, and `concurrent` was not given."""


@dataclass(frozen=True)
class TrainingRun:
    """A training, identified by its folder.

    Attributes
    ----------
    folder
        Holds all files of the run.
    """

    folder: Path

    @property
    def job(self) -> Job:
        """What it trains; raises TrainingError where that cannot be read."""
        return Job.read(self.folder)

    @property
    def recording(self) -> Path:
        """Path of its recording, which may not exist yet. Raises TrainingError as `job` does."""
        return self.folder / f"{Recipe.from_json(self.job.recipe).model}.attn"

    @property
    def state(self) -> RunState:
        """How far it is, from its state file; paused (or cancelled) if its process has died."""
        try:
            state = RunState.read(self.folder)
        except TrainingError as error:
            return RunState(RunPhase.FAILED, text=str(error))
        if not state.phase.active or self._alive(state):
            return state
        try:  # it may have ended since it was read
            state = RunState.read(self.folder)
        except TrainingError:
            return state
        ended = RunPhase.CANCELLED if (self.folder / "cancel").exists() else RunPhase.PAUSED
        return replace(state, phase=ended) if state.phase.active else state

    def _alive(self, state: RunState) -> bool:
        process = _PROCESSES.get(self.folder)
        if process is not None and process.poll() is not None:
            return False
        try:
            with FileLock(self.folder / LOCK, timeout=0):
                pass
        except Timeout:
            return True
        except OSError:
            return False
        if process is not None or state.phase is not RunPhase.READING:
            return process is not None
        age = time.time() - (self.folder / "state.json").stat().st_mtime
        return age < _START_SECONDS  # started by another server, and not yet holding its lock

    def pause(self) -> None:
        """Request that it saves and stops; `resume` starts it again."""
        self._request("pause")

    def cancel(self) -> None:
        """Stop it for good; its recording stays."""
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
        """Start its process, from the last checkpoint if there is one.

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
            raise BusyError(f"{self.folder.name} is being trained already.")
        _refuse_if_busy(concurrent=concurrent)
        clear_requests(self.folder)
        register_folder(self.folder)
        replace(state, phase=RunPhase.READING, text="").write(self.folder)
        with write_errors(self.folder), (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  our own module, in our own folder
                [sys.executable, "-m", "attnviz.training.jobs.worker", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # closing the app's terminal does not end it
            )
            _PROCESSES[self.folder] = process
            (self.folder / "pid").write_text(str(process.pid))


def list_runs(folder: Path | None = None) -> tuple[TrainingRun, ...]:
    """All runs in a folder, by default `runs_folder`, that were not dismissed; newest first."""
    try:
        parent = folder or runs_folder()
    except TrainingError:  # this user can have none
        return ()
    jobs = sorted(parent.glob(f"*/{JOB}"), key=_started_at)
    runs = [TrainingRun(file.parent) for file in reversed(jobs)]
    return tuple(run for run in runs if not (run.folder / DISMISS_REQUEST).exists())


def find_run(folder: Path) -> TrainingRun | None:
    """The run in any folder; None if there is none, or the folder cannot be reached."""
    with suppress(OSError):
        if (folder / JOB).is_file():
            return TrainingRun(folder)
    return None


def _started_at(job: Path) -> tuple[int, str]:
    try:
        return job.stat().st_mtime_ns, job.parent.name
    except OSError:  # it has gone meanwhile
        return 0, job.parent.name


def start_run(
    recipe: Recipe, data: Path, *, size: int, device: str = "auto", concurrent: bool = False,
    into: Path | None = None, minutes: float = 0.0,
) -> TrainingRun:  # fmt: skip
    """Start a training in a process of its own.

    Parameters
    ----------
    recipe
        How to train.
    data
        Folder of class folders.
    size
        Input side in pixels once trained.
    device
        As for `load_model`.
    concurrent
        Start even while another run is active. Two halve each other's speed, and a GPU may not
        hold both.
    into
        Where the run's folder is made; default: `runs_folder`.
    minutes
        After so many minutes of training it ends; 0: when it is done.

    Returns
    -------
    TrainingRun
        The run, in a new folder.

    Raises
    ------
    BusyError
        Another run is active and `concurrent` is false.
    """
    with start_lock():
        _refuse_if_busy(concurrent=concurrent)
        job = Job(recipe.to_json(), str(data), size, device, minutes=minutes)
        parent = into or runs_folder()
        with write_errors(parent):
            run = TrainingRun(new_run_folder(parent, recipe))
            RunState(RunPhase.PAUSED).write(run.folder)
            job.write(run.folder)
        run._start(concurrent=concurrent)
    return run


def run_job(folder: Path, job: Job, *, concurrent: bool = False) -> str:
    """Train in this process, with all files in `folder`.

    Parameters
    ----------
    folder
        Where everything is written; a run that is there is resumed.
    job
        What to train.
    concurrent
        As for `start_run`.

    Returns
    -------
    str
        A sentence with the result.

    Raises
    ------
    BusyError
        Another run is active and `concurrent` is false.
    TrainingError
        As `train_and_export`, or another process trains in this folder.
    """
    return train_in_folder(folder, job, partial(_started_alone, folder, concurrent=concurrent))


@contextmanager
def _started_alone(folder: Path, *, concurrent: bool) -> Iterator[None]:
    """Hold the start lock where possible; raises BusyError if another run is active."""
    with ExitStack() as stack:
        with suppress(TrainingError):  # not writable, so the app cannot start a run there either
            stack.enter_context(start_lock())
        _refuse_if_busy(concurrent=concurrent, ignored=folder)
        yield


def _refuse_if_busy(*, concurrent: bool, ignored: Path | None = None) -> None:
    own = ignored.absolute() if ignored else None
    runs = (run for run in list_runs() if run.state.phase.active)
    active = {run.folder.absolute(): run.folder.name for run in runs}
    active |= {folder: str(folder) for folder in _active_elsewhere()}
    busy = [name for folder, name in active.items() if folder != own]
    if len(busy) >= MOST_AT_ONCE:
        raise TrainingError(
            f"{len(busy)} networks are being trained, and no more are at once. Wait for one of "
            "them, pause it or cancel it."
        )
    if busy and not concurrent:
        raise BusyError(
            f"{busy[0]} is being trained. Wait for it, pause it, cancel it, or let both be trained "
            "side by side."
        )


def _active_elsewhere() -> list[Path]:
    """Registered folders with an active run; entries of runs that have ended are removed.

    Call it under `start_lock`: a run that is just starting may look ended.
    """
    active = []
    for folder in registered_folders():
        if TrainingRun(folder).state.phase.active:
            active.append(folder)
            continue
        with suppress(TrainingError):  # a state that cannot be read now may belong to an active run
            RunState.read(folder)
            unregister_folder(folder)
    return active
