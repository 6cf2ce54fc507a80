"""Folders for what a server needs on disk for a while, and what killed servers have left there."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

_PREFIX = "attnviz-"
_KINDS = ("visitors", "weights", "sample")
_STALE_SECONDS = 24 * 3600.0
_LIVING: WeakSet[tempfile.TemporaryDirectory[str]] = WeakSet()


def temporary_folder(kind: str) -> tempfile.TemporaryDirectory[str]:
    """Make a folder that goes when nobody holds it any more.

    Parameters
    ----------
    kind : str
        What it is for, one of those that are swept.
    """
    folder = tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{kind}-", ignore_cleanup_errors=True)
    _LIVING.add(folder)
    return folder


def sweep_folders() -> None:
    """Remove the folders that nobody has kept up for a day; keep up those of this server."""
    for folder in list(_LIVING):
        with suppress(OSError):
            os.utime(folder.name)
    parent = Path(tempfile.gettempdir())
    for old in [found for kind in _KINDS for found in parent.glob(f"{_PREFIX}{kind}-*")]:
        with suppress(OSError):
            own = not old.is_symlink() and old.is_dir()
            if own and time.time() - old.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(old)
