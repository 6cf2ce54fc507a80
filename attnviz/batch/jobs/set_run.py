"""A run over many pictures in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from attnviz.batch.parts import ResultFolder
from attnviz.jobs.background_run import BackgroundRun, run_at, runs_in, start_new
from attnviz.jobs.state import JobState, StoredJob

RESULTS = "results"


@dataclass(frozen=True)
class SetJob(StoredJob):
    """What is looked at, and how.

    Attributes
    ----------
    source
        Path of a folder, a table of paths, or a ZIP or TAR.
    model
        Name of a network, or path of a file of weights.
    method
        As for `attnviz.explain`.
    target
        Text of what is asked about every picture; empty for the top prediction of each.
    device
        As for `load_model`.
    side
        Side of the input in px; 0 for the network's own.
    minutes
        After so many minutes it is cancelled; 0: never.
    """

    source: str
    model: str
    method: str = "auto"
    target: str = ""
    device: str = "auto"
    side: int = 0
    minutes: float = 0.0


@dataclass(frozen=True)
class SetRun(BackgroundRun[JobState]):
    """A run over many pictures, identified by its folder; its steps are pictures."""

    worker: ClassVar[str] = "attnviz.batch.jobs.worker"

    @property
    def kind(self) -> type[JobState]:
        """The kind of its state."""
        return JobState

    @property
    def job(self) -> SetJob:
        """What it does; raises RunError where that cannot be read."""
        return SetJob.read(self.folder)

    @property
    def results(self) -> ResultFolder:
        """Its results, which are whole when it is done."""
        return ResultFolder(self.folder / RESULTS)


def list_set_runs(folder: Path) -> tuple[SetRun, ...]:
    """Return the runs in a folder that were not dismissed; the newest first."""
    return runs_in(SetRun, folder)


def find_set_run(folder: Path) -> SetRun | None:
    """Return the run in any folder; None if there is none, or it cannot be reached."""
    return run_at(SetRun, folder)


def start_set_run(job: SetJob, parent: Path, *, concurrent: bool = False) -> SetRun:
    """Start a run over many pictures in a process of its own.

    Parameters
    ----------
    job
        What it does.
    parent
        Where the run's folder is made.
    concurrent
        Start even while another run works.

    Returns
    -------
    SetRun
        The run, in a new folder.

    Raises
    ------
    BusyError
        Another run works and `concurrent` is false.
    """
    title = f"{Path(job.model).stem}, {Path(job.source).stem}"[:80]
    return start_new(SetRun, job, parent, title, concurrent=concurrent)
