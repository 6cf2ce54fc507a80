"""A registry of run folders that lie outside of `runs_folder`: one small file per folder.

It tells every page and command line of this user about every training, wherever its folder is.
Whether that training still runs is decided by the folder itself: entries of runs that have ended,
and of folders that are gone, are removed by whoever notices.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from attnviz.errors import RunError
from attnviz.untrusted.values import read_bounded

_REGISTRY = "elsewhere"
_LONGEST_PATH = 32_768  # bytes


def runs_folder() -> Path:
    """The folder for runs: `$ATTNVIZ_RUNS`, else `.attnviz/runs` in the user's home.

    Raises RunError where neither is set and the user has no home, as in some containers.
    """
    if folder := os.environ.get("ATTNVIZ_RUNS"):
        return Path(folder)
    try:
        return Path.home() / ".attnviz" / "runs"
    except RuntimeError as error:
        raise RunError(
            "This user has no home folder for runs. Set ATTNVIZ_RUNS to a folder for them."
        ) from error


def register_folder(folder: Path) -> None:
    """Add `folder` to the registry, unless it lies in `runs_folder`.

    Where the entry cannot be written, other pages do not learn of the run; it still trains.
    """
    folder = folder.absolute()
    if folder.parent == runs_folder().absolute():
        return
    with suppress(OSError):
        _entry(folder).parent.mkdir(parents=True, exist_ok=True)
        _entry(folder).write_bytes(os.fsencode(folder))


def unregister_folder(folder: Path) -> None:
    """Remove `folder` from the registry, if it is there."""
    with suppress(OSError):
        _entry(folder.absolute()).unlink(missing_ok=True)


def registered_folders() -> tuple[Path, ...]:
    """All registered folders that can be reached, in no order; removes entries of missing ones."""
    folders = []
    for entry in (runs_folder() / _REGISTRY).glob("*"):
        # The system may refuse for any reason, such as a network drive that was cut off, and no
        # other training may depend on it.
        with suppress(OSError, ValueError):
            folder = Path(os.fsdecode(read_bounded(entry, _LONGEST_PATH)))
            try:
                is_folder = stat.S_ISDIR(folder.stat().st_mode)
            except FileNotFoundError:
                entry.unlink()
            else:
                folders += [folder] if is_folder and folder.is_absolute() else []
    return tuple(folders)


def _entry(folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return runs_folder() / _REGISTRY / name
