"""How many runs of this user work at once, however they were started."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from attnviz.errors import RunError
from attnviz.jobs.registered_folders import registered_folders, runs_folder, unregister_folder
from attnviz.jobs.state import JOB, JobState

MOST_AT_ONCE = 3


class BusyError(RunError):
    """Another run is active, and `concurrent` was not given."""


def refuse_if_busy(
    is_active: Callable[[Path], bool], *, concurrent: bool, ignored: Path | None = None
) -> None:
    """Raise where another run works, unless that is wanted.

    Parameters
    ----------
    is_active
        Whether a process works on the run in a folder.
    concurrent
        Whether several may.
    ignored
        Folder of a run that does not count.

    Raises
    ------
    BusyError
        Another run is active and `concurrent` is false.
    RunError
        So many are active that no more may be.
    """
    own = ignored.absolute() if ignored else None
    active = {folder.absolute(): folder.name for folder in _own_folders() if is_active(folder)}
    active |= {folder: str(folder) for folder in _active_elsewhere(is_active)}
    busy = [name for folder, name in active.items() if folder != own]
    if len(busy) >= MOST_AT_ONCE:
        raise RunError(
            f"{len(busy)} runs are working, and no more do at once. Wait for one of them, pause it "
            "or cancel it."
        )
    if busy and not concurrent:
        raise BusyError(
            f"{busy[0]} is running. Wait for it, pause it, cancel it, or let both run side by side."
        )


def _own_folders() -> list[Path]:
    """Folders of the runs in `runs_folder`, which may be missing."""
    with suppress(RunError):
        return [job.parent for job in runs_folder().glob(f"*/{JOB}")]
    return []


def _active_elsewhere(is_active: Callable[[Path], bool]) -> list[Path]:
    """Registered folders with an active run; entries of runs that have ended are removed.

    Call it under `start_lock`: a run that is just starting may look ended.
    """
    active = []
    for folder in registered_folders():
        if is_active(folder):
            active.append(folder)
            continue
        with suppress(RunError):  # a state that cannot be read now may belong to an active run
            JobState.read(folder)
            unregister_folder(folder)
    return active
