"""The work on parts of a run: from their pictures to their files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attnviz.analysis.explanation import Explanation
from attnviz.batch.decoding import PictureOrders
from attnviz.batch.engine import BatchEngine, ExplainedPicture
from attnviz.batch.live_pictures import live_bytes, live_count, live_picture
from attnviz.batch.page_scripts import page_scripts
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.rows import map_rows, score_row
from attnviz.batch.small_pictures import ShownPicture, shown_picture

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
    """

    engine: BatchEngine
    folder: ResultFolder
    count: int
    measures: Mapping[str, Measure] = field(default_factory=dict)

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
        results = self.engine(pictures_of(parts))
        for part in parts:
            rows, started = _PartRows(self.count), time.perf_counter()
            for _, file in part.orders():
                rows.add(next(results), file, self.measures)
                yield 1
            rows.write(self.folder, part.number, time.perf_counter() - started)


SpreadWork = Callable[[PartWork, Sequence[PartOrder]], Iterator[int]]
"""Does the work on parts, in this process or on many machines; yields as `PartWork` does."""


def work_here(work: PartWork, parts: Sequence[PartOrder]) -> Iterator[int]:
    """Do all in this process; see `SpreadWork`."""
    return work(parts)


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
