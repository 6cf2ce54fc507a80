"""A key that changes with a file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def file_version(path: Path) -> tuple[int, ...]:
    """Return a key that changes with the file, even within a tick of the file system's clock.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple of int
        Modification time in ns, size and inode; empty if the file cannot be reached.
    """
    with suppress(OSError):
        facts = path.stat()
        return facts.st_mtime_ns, facts.st_size, facts.st_ino
    return ()
