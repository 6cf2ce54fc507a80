"""Trainings as runs of their own; `attnviz train` writes the same files, and can be watched too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from attnviz.errors import RunError
from attnviz.jobs.background_run import BackgroundRun, is_active, run_at, runs_in, start_new
from attnviz.jobs.busy import BusyError as BusyError
from attnviz.jobs.busy import refuse_if_busy
from attnviz.jobs.registered_folders import runs_folder
from attnviz.jobs.start_lock import start_lock
from attnviz.training.jobs.state import Job, RunState
from attnviz.training.jobs.worker import train_in_folder
from attnviz.training.recipe import Recipe


@dataclass(frozen=True)
class TrainingRun(BackgroundRun[RunState]):
    """A training, identified by its folder."""

    worker: ClassVar[str] = "attnviz.training.jobs.worker"

    @property
    def kind(self) -> type[RunState]:
        """The kind of its state."""
        return RunState

    @property
    def job(self) -> Job:
        """What it trains; raises RunError where that cannot be read."""
        return Job.read(self.folder)

    @property
    def recording(self) -> Path:
        """Path of its recording, which may not exist yet.

        Raises RunError as `job` does, or TrainingError for a recipe of another version.
        """
        return self.folder / f"{Recipe.from_json(self.job.recipe).model}.attn"


def list_runs(folder: Path | None = None) -> tuple[TrainingRun, ...]:
    """All trainings in a folder, by default `runs_folder`, not dismissed; newest first."""
    return runs_in(TrainingRun, folder)


def find_run(folder: Path) -> TrainingRun | None:
    """The training in any folder; None if there is none, or the folder cannot be reached."""
    return run_at(TrainingRun, folder)


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
    job = Job(recipe.to_json(), str(data), size, device, minutes=minutes)
    title = _run_title(recipe)
    return start_new(TrainingRun, job, into or runs_folder(), title, concurrent=concurrent)


def _run_title(recipe: Recipe) -> str:
    """The network, and what distinguishes the run from others of that network in a list."""
    details = ["fine-tuned"] if recipe.start else []
    details += ["CutMix"] if recipe.cutmix else []
    details += [f"seed {recipe.seed}"] if recipe.seed else []
    return ", ".join([recipe.model, *details])


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
    RunError
        Another process works in this folder.
    TrainingError
        As `train_and_export`.
    """
    return train_in_folder(folder, job, partial(_started_alone, folder, concurrent=concurrent))


@contextmanager
def _started_alone(folder: Path, *, concurrent: bool) -> Iterator[None]:
    """Hold the start lock where possible; raises BusyError if another run is active."""
    with ExitStack() as stack:
        with suppress(RunError):  # not writable, so the app cannot start a run there either
            stack.enter_context(start_lock())
        refuse_if_busy(is_active, concurrent=concurrent, ignored=folder)
        yield
