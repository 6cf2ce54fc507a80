"""A run over many pictures: results in parts, which go on where they were stopped."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from attnviz.analysis.asked import targets_of
from attnviz.analysis.explain_together import Asked
from attnviz.analysis.explanation import Explanation
from attnviz.batch.decoding import PictureOrders
from attnviz.batch.engine import BatchEngine, ExplainedPicture
from attnviz.batch.explain_many import until_explained
from attnviz.batch.live_pictures import live_bytes, live_count, live_picture
from attnviz.batch.page_scripts import page_scripts
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.rows import map_rows, score_row
from attnviz.batch.set_page import page_title, write_page
from attnviz.batch.small_pictures import ShownPicture, shown_picture
from attnviz.methods.questions import is_slow
from attnviz.models.vision_model import VisionModel
from attnviz.progress import Progress, report_progress
from attnviz.targets.text import format_targets
from attnviz.version import __version__

_PART, _SLOW_PART = 512, 32

Measure = Callable[[Explanation], float | None]
"""Returns a number for a row of the scores."""


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
    """

    model: VisionModel
    files: Sequence[PictureFile]
    asked: Asked = field(default_factory=Asked)
    batch_size: int | None = None
    workers: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)

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
        done = folder.done()
        left = [index for index in range(len(self.files)) if index // self._part not in done]
        if left:
            self._write_parts(folder, left, progress)
        folder.join()
        write_page(folder, page_title(self.model.name), self._part)
        folder.end({"question": question, **self._manifest(folder)})
        return folder

    def _write_parts(
        self, folder: ResultFolder, left: Sequence[int], progress: Progress | None
    ) -> None:
        count = len(self.files) - len(left)
        part, started = _PartRows(len(self.files)), time.perf_counter()
        for done, result in enumerate(self._results(left), count + 1):
            part.add(result, self.files[result.index], self.measures)
            if (result.index + 1) % self._part == 0 or result.index + 1 == len(self.files):
                part.write(folder, result.index // self._part, time.perf_counter() - started)
                part, started = _PartRows(len(self.files)), time.perf_counter()
            report_progress(progress, done, len(self.files))

    def _question(self) -> dict[str, Any]:
        """What decides the results; equal questions, equal results."""
        listing = hashlib.sha256("\n".join(map(repr, self.files)).encode("utf-8", "replace"))
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

    def _results(self, left: Sequence[int]) -> Iterator[ExplainedPicture]:
        engine = BatchEngine(self.model, self.asked, self.batch_size, self.workers, self._part)
        for _ in until_explained(engine, self._orders(left)):
            pass  # what it computes is computed again with the others, wherever the run begins
        return engine(self._orders(left))

    def _orders(self, left: Sequence[int]) -> PictureOrders:
        return PictureOrders(((index, self.files[index]) for index in left), None, len(left))


@dataclass(eq=False)
class _PartRows:
    """The rows of consecutive pictures of a set of `count`; their pixels and maps are let go."""

    count: int
    scores: list[dict[str, Any]] = field(default_factory=list)
    maps: list[dict[str, Any]] = field(default_factory=list)
    small: list[ShownPicture | None] = field(default_factory=list)
    live: list[bytes | None] = field(default_factory=list)

    def add(
        self, result: ExplainedPicture, file: PictureFile, measures: Mapping[str, Measure]
    ) -> None:
        found = result.explanation
        further = {} if found is None else {name: of(found) for name, of in measures.items()}
        self.scores.append({**score_row(result, file), **further})
        self.maps.extend(map_rows(result))
        self.small.append(None if found is None else shown_picture(found))
        fits = result.index < live_count(self.count)
        self.live.append(live_picture(found, live_bytes(self.count)) if found and fits else None)

    def write(self, folder: ResultFolder, number: int, seconds: float) -> None:
        each = {"seconds": seconds / len(self.scores)}
        scores = [{**row, **each} for row in self.scores]
        folder.write_part(number, scores, self.maps, page_scripts(number, self.small, self.live))
