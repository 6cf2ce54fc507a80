"""What a writer is, what it is given, and the table of all writers: each registers itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from attnviz.batch import writers
from attnviz.batch.parts import ResultFolder
from attnviz.batch.rows import geometry_of
from attnviz.batch.stored_maps import StoredMaps
from attnviz.errors import OutputError
from attnviz.files import Write, replace_whole
from attnviz.progress import Progress, report_progress
from attnviz.registry import Registry, import_all
from attnviz.render.focus import FocusMap, focus_map

_QUESTION = ("attnviz", "model", "weights", "preprocessing", "method", "target")


@dataclass(frozen=True, eq=False)
class WrittenPicture:
    """A picture of a set that was explained.

    Attributes
    ----------
    row
        Its numbers, by the names of `SCORES`.
    maps
        Those of the set.
    """

    row: dict[str, Any]
    maps: StoredMaps

    def focus(self, longest: int | None = None) -> FocusMap | None:
        """Return its focus by the best layer, at its own size, or reduced to a longer side.

        None where the map is flat: then nothing is in focus.
        """
        values = self.maps.of_layer(self.row["index"], self.row["layer"])
        if values is None or self.row["flat"]:
            return None
        geometry = geometry_of(self.row)
        return focus_map(values, geometry if longest is None else geometry.reduced(longest))


@dataclass(frozen=True, eq=False)
class SetResults:
    """The results of a run, as writers are given them.

    Attributes
    ----------
    folder
        Whole.
    progress
        Called with the number of pictures that were written.
    """

    folder: ResultFolder
    progress: Progress | None = None

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The numbers of the pictures that were explained."""
        rows: list[dict[str, Any]] = self.folder.scores().to_pylist()
        return [row for row in rows if row["error"] is None]

    @property
    def provenance(self) -> dict[str, Any]:
        """With what all was made: model, weights, preprocessing, method and target."""
        question = self.folder.manifest()["question"]
        return {name: question[name] for name in _QUESTION if name in question}

    def pictures(self) -> Iterator[WrittenPicture]:
        """Yield the pictures that were explained, in order."""
        maps = StoredMaps(self.folder)
        for done, row in enumerate(self.rows, 1):
            yield WrittenPicture(row, maps)
            report_progress(self.progress, done, len(self.rows))


class SetWriter(ABC):
    """A format for a whole set.

    Class variables: `name`, as an option of `attnviz batch`; `place`, what the option takes, in
    capitals; `title`, one sentence for its help.
    """

    name: ClassVar[str]
    place: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def write(self, results: SetResults, path: Path) -> str:
        """Write the file, or the folder.

        Returns
        -------
        str
            What was left out, and why; empty where nothing was.

        Raises
        ------
        OutputError
            It cannot be written.
        """


SET_WRITERS: Registry[type[SetWriter]] = Registry("format for a set")


def set_writers() -> Registry[type[SetWriter]]:
    """All writers, by name."""
    import_all(writers)
    return SET_WRITERS


def write_whole(path: Path, write: Write) -> None:
    """Write a file with its folder, whole or not at all; raises OutputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, write)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written ({reason}). Choose another place.") from error
