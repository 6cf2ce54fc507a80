"""Training that pages can watch, in a process of its own or from the command line.

A run that a page started is the process `python -m attnviz.training.jobs.worker FOLDER`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from attnviz.errors import AttnvizError, DivergedError
from attnviz.jobs.worker import JobWorker
from attnviz.training.data.data import ClassFolder
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.training.loop.checkpoint import TrainingState
from attnviz.training.loop.evaluate import chance_accuracy
from attnviz.training.loop.run import train_and_export
from attnviz.training.loop.trainer import QUICK_SCORE
from attnviz.training.recipe import Recipe


def work(folder: Path) -> None:
    """Do the job in `folder` and write its state there; nothing if another process does it."""
    _Worker(folder).work()


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
    RunError
        Another process works in this folder.
    TrainingError
        As `train_and_export`.
    """
    return _Worker(folder).work_here(job, start)


@dataclass
class _Worker(JobWorker[Job, RunState]):
    """Trains."""

    last: RunState = field(default_factory=lambda: RunState(RunPhase.READING))
    scored: int = 0
    chance: float = 0.0

    @property
    def job_kind(self) -> type[Job]:
        return Job

    def phase_of(self, error: AttnvizError) -> RunPhase:
        return RunPhase.DIVERGED if isinstance(error, DivergedError) else RunPhase.FAILED

    def do(self, job: Job) -> str:
        recipe = Recipe.from_json(job.recipe)
        return train_and_export(
            recipe,
            Path(job.data),
            self.folder,
            size=job.size,
            device=job.device,
            half=job.half,
            probes=job.probes,
            on_step=partial(self._on_step, recipe, job.minutes),
            keep_running=self.keep_running,
            notify=self.notify,
            on_data=self._on_data,
        )

    def _on_step(self, recipe: Recipe, minutes: float, progress: TrainingState, steps: int) -> bool:
        """Write the state; returns whether to keep training."""
        self.cancel_after(minutes, progress.seconds)
        self.tell(
            at_once=progress.step == steps,
            step=progress.step, steps=steps, seconds=progress.seconds,
            loss=progress.loss, accuracy=progress.accuracy,
            share=recipe.share_at(progress.step / steps * recipe.epochs),
            scored=self.scored, chance=self.chance,
        )  # fmt: skip
        return self.keep_running()

    def _on_data(self, data: ClassFolder) -> None:
        scored = data.validation.spread_sample(QUICK_SCORE)
        self.scored, self.chance = len(scored), chance_accuracy(scored.labels)


if __name__ == "__main__":
    work(Path(sys.argv[1]))
