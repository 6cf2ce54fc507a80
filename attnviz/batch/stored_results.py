"""All that a run stores of one picture: a row, its maps, and what pages show of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnviz.batch.engine import ExplainedPicture
from attnviz.batch.live_pictures import live_picture
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.rows import map_rows, score_row
from attnviz.batch.small_pictures import ShownPicture, TinyCopy, shown_picture


@dataclass(frozen=True, eq=False)
class StoredResult:
    """What is stored of a picture.

    Attributes
    ----------
    scores
        Its row of `SCORES`.
    maps
        Its rows of `MAPS`.
    small
        What pages show of it; None where it was not explained.
    live
        What the viewer on a page is sent of it; None where there is nothing.
    """

    scores: Mapping[str, Any]
    maps: tuple[Mapping[str, Any], ...] = ()
    small: ShownPicture | None = None
    live: bytes | None = None


@dataclass(frozen=True, eq=False)
class ResultOrder:
    """A picture whose result is to be stored.

    Attributes
    ----------
    result
        From the engine.
    file
        Where the picture lies.
    measured
        Further numbers of its row.
    live_bytes
        How many the viewer is sent; 0 for none.
    """

    result: ExplainedPicture
    file: PictureFile
    measured: Mapping[str, float | None] = field(default_factory=dict)
    live_bytes: int = 0

    def stored(self) -> StoredResult:
        """Return what is stored: the network does not run."""
        scores = {**score_row(self.result, self.file), **self.measured}
        found = self.result.explanation
        if found is None:
            return StoredResult(scores)
        small = TinyCopy.of(found.picture)
        return StoredResult(
            scores,
            tuple(map_rows(self.result)),
            shown_picture(found, small),
            live_picture(found, self.live_bytes, small) if self.live_bytes else None,
        )
