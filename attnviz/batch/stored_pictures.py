"""The small pictures of a run, out of the scripts that its page loads."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.batch.parts import ResultFolder

_KEPT = 32  # parts, of some megabytes each
_MOST_BYTES = 64 * 2**20
_MOST_CELLS = 256


@dataclass(frozen=True, eq=False)
class SmallPicture:
    """A picture and its focus, both small.

    Attributes
    ----------
    jpeg
        The picture.
    focus
        uint8 [h, w] over all of it, 255 where sharp.
    """

    jpeg: bytes
    focus: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class StoredPictures:
    """The small pictures of a run's results, by their index; a part is read when it is needed.

    Attributes
    ----------
    folder
        The results, whole.
    """

    folder: ResultFolder

    def of(self, index: int) -> SmallPicture | None:
        """Return a picture; None where there is none, or where it cannot be read."""
        part = self._part
        if part < 1 or index < 0:
            return None
        pictures = _part_of(self.folder.path / "index" / f"{index // part:06}.js")
        return _small(pictures[index % part]) if index % part < len(pictures) else None

    @cached_property
    def _part(self) -> int:
        part = self.folder.manifest().get("part")
        return part if isinstance(part, int) else 0


def _small(given: Any) -> SmallPicture | None:
    """A picture as `shown_picture` describes it, which may come from anywhere."""
    try:
        coded, rows, columns, focus = given
        if not (0 < rows <= _MOST_CELLS and 0 < columns <= _MOST_CELLS):
            return None
        grey = np.frombuffer(base64.b64decode(focus, validate=True), np.uint8)
        return SmallPicture(base64.b64decode(coded, validate=True), grey.reshape(rows, columns))
    except (TypeError, ValueError, binascii.Error):
        return None


def _part_of(path: Path) -> Sequence[Any]:
    try:
        facts = path.stat()
        if facts.st_size > _MOST_BYTES:
            return ()
        return _read(path, facts.st_mtime_ns)
    except (OSError, ValueError, RecursionError):
        return ()


@lru_cache(maxsize=_KEPT)
def _read(path: Path, _changed: int) -> Sequence[Any]:
    """What a script hands over: the second argument of its one call."""
    text = path.read_text("utf-8")
    pictures = json.loads(text[text.index(",") + 1 : text.rindex(")")])
    return pictures if isinstance(pictures, list) else ()
