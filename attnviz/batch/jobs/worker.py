"""The process of a run over many pictures: `python -m attnviz.batch.jobs.worker FOLDER`."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from attnviz.analysis.explain_together import Asked
from attnviz.batch.decoding import spare_processors
from attnviz.batch.jobs.set_run import SetJob, SetRun
from attnviz.batch.listing import files_of
from attnviz.batch.run import BatchRun
from attnviz.hosting import Hosting
from attnviz.jobs.state import JobState, RunPhase
from attnviz.jobs.worker import JobWorker, StoppedOnRequestError
from attnviz.models.loading import load_model
from attnviz.pictures import open_picture
from attnviz.progress import Progress
from attnviz.targets import TextContext
from attnviz.targets.text import parse_targets


@dataclass
class _SetWorker(JobWorker[SetJob, JobState]):
    """Looks at the pictures of a set."""

    last: JobState = field(default_factory=lambda: JobState(RunPhase.READING))

    @property
    def job_kind(self) -> type[SetJob]:
        return SetJob

    def do(self, job: SetJob) -> str:
        model = load_model(job.model, job.device, input_size=job.side or None)
        files = files_of(Path(job.source), self.folder)
        opens = None if Hosting.from_environment().hosted else open_picture  # any path, any link
        context = TextContext(model.labels, opens)
        target = parse_targets(job.target, context) if job.target else None
        asked = Asked(job.method, target)
        run = BatchRun(model, files, asked, workers=spare_processors())
        folder = run(SetRun(self.folder).results.path, self._progress(job.minutes))
        errors = int(folder.manifest()["errors"])
        failed = f", {errors:,} of which could not be opened" if errors else ""
        return f"{len(files):,} picture{'s' * (len(files) > 1)}{failed}."

    def _progress(self, minutes: float) -> Progress:
        """Write how far it is; what it raises stops the run, which can go on."""
        earlier, begun = self.last.seconds, time.monotonic()

        def progress(done: int, total: int | None) -> None:
            seconds = earlier + time.monotonic() - begun
            self.cancel_after(minutes, seconds)
            self.tell(at_once=done == total, step=done, steps=total or 0, seconds=seconds)
            if not self.keep_running():
                raise StoppedOnRequestError(
                    f"It was stopped after {done:,} of {total or 0:,} pictures."
                )

        return progress


def work(folder: Path) -> None:
    """Do the job in `folder` and write its state there; nothing if another process does it."""
    _SetWorker(folder).work()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
