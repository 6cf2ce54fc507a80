"""Which folders outside of `runs_folder` are trained in: each has a note in it.

By these notes every page and command line knows of every training of this user, wherever it lies.
Whether it still goes on is told by the folder itself: whoever finds that it does not, or that the
folder is gone, takes the note away.
"""

from __future__ import annotations

import hashlib
import os
import stat
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
    with suppress(OSError):
        _note(folder).parent.mkdir(parents=True, exist_ok=True)
        _note(folder).write_bytes(os.fsencode(folder))


def forget_elsewhere(folder: Path) -> None:
    """Take away the note of `folder`, if there is one."""
    with suppress(OSError):
        _note(folder.absolute()).unlink(missing_ok=True)


def folders_elsewhere() -> tuple[Path, ...]:
    """The folders of all notes that can be reached, in no order; of those that are gone, the notes
    are taken away.
    """
    found = []
    for note in (runs_folder() / _NOTES).glob("*"):
        # Any refusal of the system may meet us here, such as that of a network drive that was cut
        # off, and no other training may depend on it.
        with suppress(OSError, ValueError):
            folder = Path(os.fsdecode(note.read_bytes()))
            try:
                reached = stat.S_ISDIR(folder.stat().st_mode)
            except FileNotFoundError:
                note.unlink()
            else:
                found += [folder] if reached and folder.is_absolute() else []
    return tuple(found)


def _note(folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return runs_folder() / _NOTES / name
