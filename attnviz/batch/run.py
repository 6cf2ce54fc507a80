"""A run over many pictures: results in parts, which go on where they were stopped."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from attnviz.analysis.asked import targets_of
from attnviz.analysis.explain_together import Asked
from attnviz.batch.engine import BatchEngine
from attnviz.batch.explain_many import until_explained
from attnviz.batch.part_work import (
    Measure,
    PartOrder,
    PartWork,
    SpreadWork,
    pictures_of,
    work_here,
)
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.set_page import page_title, write_page
from attnviz.errors import OutputError
from attnviz.methods.questions import is_slow
from attnviz.models.vision_model import VisionModel
from attnviz.progress import Progress, report_progress
from attnviz.targets.text import format_targets
from attnviz.version import __version__

_PART, _SLOW_PART = 512, 32


@dataclass(frozen=True, eq=False)
class BatchRun:
    """What is run over which pictures.

    Attributes
    ----------
    model
        From `load_model` or `wrap`.
    files
        The pictures, in order.
    asked
        What is asked about every picture.
    batch_size, workers
        As for `attnviz.explain_many`.
    arguments
        What the user gave, for the manifest.
    measures
        What else is measured of each explanation, by the name of its column in `SCORES`; None
        where that is impossible.
    spread
        Where the parts are computed: in this process, or such as by `RayCluster`.
    """

    model: VisionModel
    files: Sequence[PictureFile]
    asked: Asked = field(default_factory=Asked)
    batch_size: int | None = None
    workers: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    spread: SpreadWork = work_here

    def __call__(self, out: Path, progress: Progress | None = None) -> ResultFolder:
        """Run, or go on, and write all results.

        Parameters
        ----------
        out
            The folder: new, empty, or of an earlier run for the same.
        progress
            Called with the number of pictures whose results are there; what it raises stops the
            run, which can go on later.

        Returns
        -------
        ResultFolder
            Whole. What was computed before is not computed again, and where a run was stopped makes
            no difference to the results, but for `seconds`.

        Raises
        ------
        OutputError
            The folder cannot be used or written; what is there stays.
        UnknownNameError, TargetError, MethodError, NoSitesError
            As `attnviz.explain_many`.
        """
        folder, question = ResultFolder(out), self._question()
        folder.begin(question)
        if folder.is_whole:
            return folder
        left = list(self._parts(folder.done()))
        if left:
            self._write_parts(folder, left, progress)
        if missing := [part.number for part in self._parts(folder.done())]:
            raise OutputError(
                f"{len(missing):,} parts are not in {out}, part {missing[0]} is the first. All "
                "machines must see the same folder under this path; give the same command again: "
                "it goes on from here."
            )
        folder.join()
        write_page(folder, page_title(self.model.name), self._part)
        folder.end({"question": question, **self._manifest(folder)})
        return folder

    def _write_parts(
        self, folder: ResultFolder, left: Sequence[PartOrder], progress: Progress | None
    ) -> None:
        engine = BatchEngine(self.model, self.asked, self.batch_size, self.workers, self._part)
        for _ in until_explained(engine, pictures_of(left)):
            pass  # what it computes is computed again with the others, wherever the run begins
        done = len(self.files) - sum(len(part.files) for part in left)
        storing = (
            0 if is_slow(self.asked.method) else self.workers
        )  # what took long is kept at once
        work = PartWork(engine, folder, len(self.files), self.measures, storing)
        for more in self.spread(work, left):
            done += more
            report_progress(progress, done, len(self.files))

    def _parts(self, done: Collection[int]) -> Iterator[PartOrder]:
        """The parts that are not done."""
        for number, first in enumerate(range(0, len(self.files), self._part)):
            if number not in done:
                yield PartOrder(number, first, tuple(self.files[first : first + self._part]))

    def _question(self) -> dict[str, Any]:
        """What decides the results; equal questions, equal results."""
        listing = hashlib.sha256()
        for index, file in enumerate(self.files):  # one by one, as there may be millions
            line = f"\n{file!r}" if index else repr(file)
            listing.update(line.encode("utf-8", "replace"))
        return {
            "attnviz": __version__,
            "model": self.model.name,
            "weights": self.model.weights_sha256,
            "preprocessing": self.model.preprocess.described(),
            "method": self.asked.method,
            "target": format_targets(targets_of(self.model, self.asked.target)),
            "precision": self.asked.precision,
            "batch size": self.batch_size or "automatic",
            "device": self.model.device.type,
            "pictures": len(self.files),
            "paths": listing.hexdigest(),
            **({"measures": sorted(self.measures)} if self.measures else {}),
        }

    def _manifest(self, folder: ResultFolder) -> dict[str, Any]:
        """What is said of results that are whole."""
        scores = folder.scores()
        methods = scores["method"].drop_null().unique().to_pylist()
        return {
            "arguments": self.arguments,
            "methods": methods,
            "errors": len(scores) - scores["error"].null_count,
            "part": self._part,
            "versions": {
                "attnviz": __version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
            },
        }

    @property
    def _part(self) -> int:
        return _SLOW_PART if is_slow(self.asked.method) else _PART
