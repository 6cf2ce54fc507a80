"""Training in a process of its own, which outlives the page that began it.

All that is known of a run lies in its folder: `job.json` (what to do), `state.json` (how far it
is), `pause`, `cancel` and `dismissed` (wishes of whoever watches), the checkpoint, the recording,
the weights. Any number of pages can therefore watch the same run, and none of them can kill it by
closing. `python -m attnviz train` writes the same files, so its runs can be watched too, and each
knows of the other.
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
    folders_elsewhere,
    forget_elsewhere,
    note_elsewhere,
)
from attnviz.training.jobs.registered_folders import runs_folder as runs_folder
from attnviz.training.jobs.state import JOB, Job, Phase, State
from attnviz.training.jobs.worker import DISMISSED, LOCK, forget_wishes, train_watched
from attnviz.training.recipe import Recipe

_TURN = "beginning.lock"  # not a run's LOCK: a run may be told to lie right there
_START_SECONDS = 60.0  # until a new process holds its lock
_BEGUN: dict[Path, subprocess.Popen[bytes]] = {}


class BusyError(TrainingError):
    """Something is being trained already, and nobody has said that both shall be."""


@dataclass(frozen=True)
class LiveRun:
    """A run by its folder."""

    folder: Path

    @property
    def job(self) -> Job:
        """What it trains; raises TrainingError where that is not to be read."""
        return Job.read(self.folder)

    @property
    def recording(self) -> Path:
        """Where its recording lies once there is one. Raises TrainingError as `job`."""
        return self.folder / f"{Recipe.from_json(self.job.recipe).model}.attn"

    @property
    def state(self) -> State:
        """How far it is, by its own word; paused (or cancelled) where its process has died."""
        try:
            state = State.read(self.folder)
        except TrainingError as error:
            return State(Phase.FAILED, text=str(error))
        if not state.phase.going or self._alive(state):
            return state
        try:  # it may have ended between the two looks
            state = State.read(self.folder)
        except TrainingError:
            return state
        over = Phase.CANCELLED if (self.folder / "cancel").exists() else Phase.PAUSED
        return replace(state, phase=over) if state.phase.going else state

    def _alive(self, state: State) -> bool:
        begun = _BEGUN.get(self.folder)
        if begun is not None and begun.poll() is not None:
            return False
        try:
            with FileLock(self.folder / LOCK, timeout=0):
                pass
        except Timeout:
            return True
        except OSError:
            return False
        if begun is not None or state.phase is not Phase.READING:
            return begun is not None
        age = time.time() - (self.folder / "state.json").stat().st_mtime
        return age < _START_SECONDS  # begun by another server, and still starting

    def pause(self) -> None:
        """Ask it to save and stop; `go_on` starts it again."""
        self._wish("pause")

    def cancel(self) -> None:
        """Stop it for good; what it has recorded stays."""
        self._wish("cancel")
        state = self.state
        if not state.phase.going and state.phase is not Phase.CANCELLED:  # nobody hears it
            replace(state, phase=Phase.CANCELLED).write(self.folder)

    def dismiss(self) -> None:
        """Take it off the list; its files stay."""
        self._wish(DISMISSED)

    def _wish(self, name: str) -> None:
        with _sentences(self.folder):
            (self.folder / name).touch()

    def go_on(self, *, beside: bool = False) -> None:
        """Start its process, from the last checkpoint if there is one.

        Raises BusyError if it runs already, or, unless `beside`, if another one does.
        """
        with _one_at_a_time():
            self._start(beside=beside)

    def _start(self, *, beside: bool) -> None:
        state = self.state
        if state.phase.going:
            raise BusyError(f"{self.folder.name} is being trained already.")
        _refuse_if_busy(beside=beside)
        forget_wishes(self.folder)
        note_elsewhere(self.folder)
        replace(state, phase=Phase.READING, text="").write(self.folder)
        with _sentences(self.folder), (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  our own module, in our own folder
                [sys.executable, "-m", "attnviz.training.jobs.worker", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # closing the app's terminal does not end it
            )
            _BEGUN[self.folder] = process
            (self.folder / "pid").write_text(str(process.pid))


def live_runs() -> tuple[LiveRun, ...]:
    """All runs in `runs_folder` that were not dismissed, the one begun last first."""
    jobs = sorted(runs_folder().glob(f"*/{JOB}"), key=_when)
    runs = [LiveRun(file.parent) for file in reversed(jobs)]
    return tuple(run for run in runs if not (run.folder / DISMISSED).exists())


def run_in(folder: Path) -> LiveRun | None:
    """The run in a folder, wherever it lies; None where none was begun, or it is out of reach."""
    with suppress(OSError):
        if (folder / JOB).is_file():
            return LiveRun(folder)
    return None


def _when(job: Path) -> tuple[int, str]:
    try:
        return job.stat().st_mtime_ns, job.parent.name
    except OSError:  # it has gone meanwhile
        return 0, job.parent.name


def begin(
    recipe: Recipe, data: Path, *, size: int, device: str = "auto", beside: bool = False
) -> LiveRun:
    """Begin a run in a process of its own.

    Raises BusyError while another one is running, unless `beside` says that both shall: two would
    halve each other's speed, and a GPU may not hold both.
    """
    with _one_at_a_time():
        _refuse_if_busy(beside=beside)
        job = Job(recipe.to_json(), str(data), size, device)
        with _sentences(runs_folder()):
            run = LiveRun(_new_folder(f"{time.strftime('%Y-%m-%d %H.%M.%S')} {_told(recipe)}"))
            State(Phase.PAUSED).write(run.folder)
            job.write(run.folder)
        run._start(beside=beside)
    return run


def train_here(folder: Path, job: Job, *, beside: bool = False) -> str:
    """Do a job in `folder` and in this process: `train_watched`, which says what it returns.

    Raises BusyError as `begin` does.
    """
    return train_watched(folder, job, partial(_alone, folder, beside=beside))


@contextmanager
def _alone(folder: Path, *, beside: bool) -> Iterator[None]:
    """Nothing else is begun meanwhile, where that can be known; raises BusyError if one goes on."""
    with ExitStack() as held:
        with suppress(TrainingError):  # no runs can lie there, so the app cannot begin one either
            held.enter_context(_one_at_a_time())
        _refuse_if_busy(beside=beside, but=folder)
        yield


def _told(recipe: Recipe) -> str:
    """The network, and what tells a run from others of it in a list."""
    more = ["CutMix"] if recipe.cutmix else []
    more += [f"seed {recipe.seed}"] if recipe.seed else []
    return ", ".join([recipe.model, *more])


def _new_folder(name: str) -> Path:
    folder = runs_folder() / name
    number = 1
    while folder.exists():
        number += 1
        folder = runs_folder() / f"{name} {number}"
    folder.mkdir(parents=True)
    return folder


def _refuse_if_busy(*, beside: bool, but: Path | None = None) -> None:
    if beside:
        return
    own = but.absolute() if but else None
    going = {run.folder.absolute(): run.folder.name for run in live_runs() if run.state.phase.going}
    going |= {folder: str(folder) for folder in _going_elsewhere()}
    busy = [name for folder, name in going.items() if folder != own]
    if busy:
        raise BusyError(
            f"{busy[0]} is being trained. Wait for it, pause it, cancel it, or let both be trained "
            "side by side."
        )


def _going_elsewhere() -> list[Path]:
    """Folders noted elsewhere; notes of runs that have ended are taken away.

    Only `_one_at_a_time` makes that safe: nobody notes a run meanwhile, just before it begins.
    """
    going = []
    for folder in folders_elsewhere():
        if LiveRun(folder).state.phase.going:
            going.append(folder)
            continue
        with suppress(TrainingError):  # what cannot be read now may go on all the same
            State.read(folder)
            forget_elsewhere(folder)
    return going


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two pages that begin something in the same moment do so one after the other."""
    with _sentences(runs_folder()):
        runs_folder().mkdir(parents=True, exist_ok=True)
        lock = FileLock(runs_folder() / _TURN, timeout=30)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    """The system's refusal to write in a folder, as an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{folder} cannot be written ({error.strerror or error}). Make room there, or set "
            "ATTNVIZ_RUNS to another folder."
        ) from error
