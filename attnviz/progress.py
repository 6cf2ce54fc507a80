"""How work that takes long reports how far it has come."""

from __future__ import annotations

import traceback
from typing import Protocol


class Progress(Protocol):
    """A callback that long work calls after each step.

    What it raises stops the work and propagates to the caller as it is.
    """

    def __call__(self, done: int, total: int | None, /) -> object:
        """Report that `done` of `total` steps are done.

        Parameters
        ----------
        done
            Steps done so far, from 0: inputs that have passed the network, bytes, pictures.
        total
            Steps expected in all; None where that is not known, as in some downloads.
        """
        ...


def report_progress(progress: Progress | None, done: int, total: int | None) -> None:
    """Call a callback, if there is one.

    All long work calls it through here, so that `raised_by_progress` knows what it raised.

    Parameters
    ----------
    progress
        The callback.
    done, total
        See `Progress`.
    """
    if progress is not None:
        progress(done, total)


def raised_by_progress(error: BaseException) -> BaseException | None:
    """Return what a callback raised, so that it can leave the work as it is.

    Parameters
    ----------
    error
        What ended the work.

    Returns
    -------
    BaseException or None
        `error`, or the one that caused it, if it was raised inside a callback; else None.
    """
    cause: BaseException | None = error
    while cause is not None:
        frames = traceback.walk_tb(cause.__traceback__)
        if any(frame.f_code is report_progress.__code__ for frame, _ in frames):
            return cause
        cause = cause.__cause__
    return None
