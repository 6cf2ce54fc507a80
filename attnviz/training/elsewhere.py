"""Which folders outside of `runs_folder` are trained in: each has a note in it.

By these notes every page and command line knows of every training of this user, wherever it lies.
A note stays when its training ends: whether it still goes on is told by the folder itself.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

_NOTES = "elsewhere"


def runs_folder() -> Path:
    """Where runs lie: `$ATTNVIZ_RUNS`, else `.attnviz/runs` in the user's home."""
    return Path(os.environ.get("ATTNVIZ_RUNS") or Path.home() / ".attnviz" / "runs")


def note_elsewhere(folder: Path) -> None:
    """Let others know of `folder`; where no note can be written, only its own pages do."""
    folder = folder.absolute()
    if folder.parent == runs_folder().absolute():
        return
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    with suppress(OSError):
        (runs_folder() / _NOTES).mkdir(parents=True, exist_ok=True)
        (runs_folder() / _NOTES / name).write_bytes(os.fsencode(folder))


def folders_elsewhere() -> tuple[Path, ...]:
    """The folders of all notes, in no order; those that are gone are left out."""
    found = []
    for note in (runs_folder() / _NOTES).glob("*"):
        with suppress(OSError):
            found.append(Path(os.fsdecode(note.read_bytes())))
    return tuple(folder for folder in found if folder.is_dir())
