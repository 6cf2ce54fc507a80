"""Where trainings and what belongs to them lie: with this computer's, or in a visitor's own folder.

Visitors of a hosted app have a folder each, which goes with everything in it some time after the
last visit, and with the server.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from streamlit.logger import get_logger

from attnviz.batch.jobs.set_run import list_set_runs
from attnviz.errors import AttnvizError, RunError
from attnviz.hosting import Hosting
from attnviz.jobs.background_run import BackgroundRun
from attnviz.jobs.registered_folders import runs_folder
from attnviz.training.jobs.runs import list_runs
from attnviz.ui.kit.temporary_folders import sweep_folders, temporary_folder
from attnviz.ui.kit.visitor import visitor

_RUNS, _SETS = "runs", "sets"
_IDLE_SECONDS = 2 * 3600.0


class VisitorFolders:
    """A folder for each visitor, removed when the visitor has been away for some time.

    Parameters
    ----------
    parent : Path
        An existing folder, for these folders alone.
    clock : callable
        Returns seconds that never go back.
    """

    def __init__(self, parent: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.parent = parent
        self._clock = clock
        self._visits: dict[Path, float] = {}
        self._lock = Lock()

    def of(self, token: str) -> Path:
        """Return a visitor's folder, which may not exist; those of others who left are removed."""
        folder = self.parent / hashlib.sha256(token.encode()).hexdigest()[:32]
        with self._lock:
            self._visits[folder] = self._clock()
            self._remove_idle()
            os.utime(self.parent)  # in use: another server does not sweep it
        return folder

    def remove_idle(self) -> None:
        """Remove the folders of visitors who have been away for some time."""
        with self._lock:
            self._remove_idle()

    def _remove_idle(self) -> None:
        latest = self._clock() - _IDLE_SECONDS
        for folder in [folder for folder, seen in self._visits.items() if seen < latest]:
            try:
                ending = _stop_runs(folder / _RUNS)
            except Exception:  # of one visitor: the folders of others go nevertheless
                get_logger(__name__).exception("Runs in %s cannot be ended", folder)
                self._visits[folder] = self._clock()  # tried again as late as after a visit
                continue
            if not ending:  # else next time
                shutil.rmtree(folder, ignore_errors=True)
                del self._visits[folder]


def _stop_runs(runs: Path) -> bool:
    """Cancel the trainings and the runs over pictures in a folder; whether one is still ending."""
    listed: list[BackgroundRun[Any]] = [*list_runs(runs), *list_set_runs(runs / _SETS)]
    active = [run for run in listed if run.state.phase.active]
    for run in active:
        with suppress(AttnvizError):
            run.cancel()
    return bool(active)


def _visitor_folders() -> VisitorFolders:
    """The folders of this server's visitors; what a killed server left is removed first."""
    with _MAKING:  # two threads at once would make two
        return _made()


_MAKING = Lock()


@cache
def _made() -> VisitorFolders:
    sweep_folders()
    _KEPT.append(temporary_folder("visitors"))
    return VisitorFolders(Path(_KEPT[-1].name))


_KEPT: list[tempfile.TemporaryDirectory[str]] = []  # removed when the server ends


def forget_idle_visitors() -> None:
    """Remove the folders of visitors who have been away for some time, if there are any."""
    if _KEPT:
        _visitor_folders().remove_idle()


def own_runs_folder() -> Path:
    """Return the folder of the trainings that this visitor sees; beside it lie their pictures.

    It may not exist yet.

    Returns
    -------
    Path
        Local mode: the one of all trainings of this computer. Hosted: the visitor's own.

    Raises
    ------
    RunError
        The server cannot store anything.
    """
    if not Hosting.from_environment().hosted:
        return runs_folder()
    try:
        return _visitor_folders().of(visitor()) / _RUNS
    except OSError as error:
        raise RunError(
            f"The server cannot store anything now ({error.strerror}). Tell whoever runs it."
        ) from error


def own_sets_folder() -> Path:
    """Return the folder of the runs over many pictures that this visitor sees.

    Returns
    -------
    Path
        In `own_runs_folder`; it may not exist yet.

    Raises
    ------
    RunError
        The server cannot store anything.
    """
    return own_runs_folder() / _SETS
