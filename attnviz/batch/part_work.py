"""The work on parts of a run: from their pictures to their files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from attnviz.analysis.explanation import Explanation
from attnviz.batch.decoding import PictureOrders
from attnviz.batch.engine import BatchEngine
from attnviz.batch.live_pictures import live_bytes, live_count
from attnviz.batch.page_scripts import page_scripts
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.stored_results import ResultOrder, StoredResult
from attnviz.batch.storing import stored_results

Measure = Callable[[Explanation], float | None]
"""Returns a number for a row of the scores."""


@dataclass(frozen=True)
class PartOrder:
    """Consecutive pictures whose results are written as one part.

    Attributes
    ----------
    number
        Of the part, from 0.
    first
        Place of its first picture among all.
    files
        Its pictures, in order.
    """

    number: int
    first: int
    files: tuple[PictureFile, ...]

    def orders(self) -> Iterator[tuple[int, PictureFile]]:
        """Yield the place of each picture among all, with the picture."""
        yield from enumerate(self.files, self.first)


def pictures_of(parts: Sequence[PartOrder]) -> PictureOrders:
    """Return the pictures of parts, in order."""
    orders = (order for part in parts for order in part.orders())
    return PictureOrders(orders, None, sum(len(part.files) for part in parts))


@dataclass(frozen=True, eq=False)
class PartWork:
    """Explains the pictures of parts and writes their files; it pickles, as its model does.

    Attributes
    ----------
    engine
        Explains the pictures.
    folder
        Where the files go.
    count
        Of all pictures of the run.
    measures
        As of `BatchRun`.
    workers
        As for `stored_results`.
    """

    engine: BatchEngine
    folder: ResultFolder
    count: int
    measures: Mapping[str, Measure] = field(default_factory=dict)
    workers: int = 0

    def __call__(self, parts: Sequence[PartOrder]) -> Iterator[int]:
        """Write parts, one after the other.

        Parameters
        ----------
        parts
            In any order. Pictures of the next are decoded while one is computed.

        Yields
        ------
        int
            How many pictures are done since it was asked last.

        Raises
        ------
        OutputError
            A part cannot be written; those before it are there.
        """
        with closing(stored_results(self._orders(parts), self.workers)) as made:
            for part in parts:
                results, started = [], time.perf_counter()
                for result in islice(made, len(part.files)):
                    results.append(result)
                    yield 1
                self._write(part, results, time.perf_counter() - started)

    def _orders(self, parts: Sequence[PartOrder]) -> Iterator[ResultOrder]:
        files = (file for part in parts for file in part.files)
        shown, most = live_count(self.count), live_bytes(self.count)
        for result, file in zip(self.engine(pictures_of(parts)), files, strict=True):
            found = result.explanation
            measured = (
                {} if found is None else {name: of(found) for name, of in self.measures.items()}
            )
            yield ResultOrder(result, file, measured, most if result.index < shown else 0)

    def _write(self, part: PartOrder, results: Sequence[StoredResult], seconds: float) -> None:
        each = {"seconds": seconds / len(results)}
        scores = [{**one.scores, **each} for one in results]
        maps = [row for one in results for row in one.maps]
        small, live = [one.small for one in results], [one.live for one in results]
        self.folder.write_part(part.number, scores, maps, page_scripts(part.number, small, live))


SpreadWork = Callable[[PartWork, Sequence[PartOrder]], Iterator[int]]
"""Does the work on parts, in this process or on many machines; yields as `PartWork` does."""


def work_here(work: PartWork, parts: Sequence[PartOrder]) -> Iterator[int]:
    """Do all in this process; see `SpreadWork`."""
    return work(parts)
