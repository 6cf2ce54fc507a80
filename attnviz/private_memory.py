"""A process's memory and environment, out of reach of other processes of the same user."""

from __future__ import annotations

import ctypes
import sys

from attnviz.hosting import Hosting

_SET_DUMPABLE = 4  # PR_SET_DUMPABLE in <linux/prctl.h>


def hide_memory() -> bool:
    """Let no other process read this one's memory, environment or open files; root still may.

    Debuggers and profilers of the same user can no longer attach. Files in /proc/self that only
    their owner may open belong to root from now on; those that are open already can be used on.
    Programs that this one starts are not hidden.

    Returns
    -------
    bool
        Whether the system does so, as Linux does.
    """
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def hide_hosted_memory() -> None:
    """Hide this process as `hide_memory` does, if the app is hosted."""
    if Hosting.from_environment().hosted:
        hide_memory()
