"""Results of a run as they are opened again: whole, and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow

from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.set_findings import SetFinding, findings_of

_TEXTS = ("model", "weights", "method", "target")


@dataclass(frozen=True, eq=False)
class OpenedResults:
    """Results that can be looked at.

    Attributes
    ----------
    folder
        Where they lie.
    scores
        By the names of `SCORES`.
    question
        What was asked of all pictures: text by "model", "weights", "method" and "target".
    manifest
        All that is said of them.
    """

    folder: ResultFolder
    scores: pyarrow.Table
    question: dict[str, str]
    manifest: dict[str, Any]

    @property
    def errors(self) -> int:
        """How many pictures could not be opened or explained."""
        return len(self.scores) - int(self.scores["error"].null_count)

    @property
    def findings(self) -> tuple[SetFinding, ...]:
        """What its manifest tells of the whole set; nothing where it is not as we write it."""
        try:
            return tuple(findings_of(self.manifest))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return ()

    def row(self, number: int) -> dict[str, Any]:
        """Return a row by the names of `SCORES`."""
        found: dict[str, Any] = self.scores.slice(number, 1).to_pylist()[0]
        return found


def open_results(path: Path) -> OpenedResults:
    """Open the results of a run.

    Parameters
    ----------
    path
        The folder that `attnviz batch --out` was given.

    Returns
    -------
    OpenedResults

    Raises
    ------
    OutputError
        It holds no results that are whole, or they cannot be read.
    """
    folder = ResultFolder(path)
    folder.require_whole()
    manifest = folder.manifest()
    question = manifest["question"]
    scores = folder.scores().combine_chunks()
    texts = {name: str(question.get(name) or "") for name in _TEXTS}
    return OpenedResults(folder, scores, texts, manifest)


def file_of_row(path: str) -> PictureFile | None:
    """Return the file that a row of scores names, which may lie in an archive.

    Parameters
    ----------
    path
        As in the scores: of a file, or of an archive with a name in it.

    Returns
    -------
    PictureFile or None
        None if there is no such file here.
    """
    try:
        whole = Path(path)
        for place in (whole, *whole.parents):
            if place.is_file():
                return PictureFile(str(place), path[len(str(place)) + 1 :])
            if place.exists():
                return None
    except (OSError, ValueError):
        return None
    return None
