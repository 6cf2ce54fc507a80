"""The lock that makes starting a run exclusive, and errors of folders that cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from attnviz.errors import RunError
from attnviz.jobs.registered_folders import runs_folder

# Not the name of a run's own lock: the folder of all runs may be a run's folder, too.
_START_LOCK = "beginning.lock"


@contextmanager
def start_lock() -> Iterator[None]:
    """Make starting a run exclusive among all pages and processes."""
    with write_errors(runs_folder()):
        runs_folder().mkdir(parents=True, exist_ok=True)
        lock = FileLock(runs_folder() / _START_LOCK, timeout=30)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def write_errors(folder: Path) -> Iterator[None]:
    """Turn the system's refusal to write in a folder into an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written ({error.strerror or error}). Make room there, or set "
            "ATTNVIZ_RUNS to another folder."
        ) from error
