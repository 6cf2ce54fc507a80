"""Keeping freed memory instead of returning it to the system at every step."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Tell glibc to reuse freed blocks; returns whether that worked.

    A training step on the CPU allocates the same large arrays again and again. By default glibc
    maps and unmaps each of them, and the system clears every page again: a tenth of a step's time.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # not glibc
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 2**29))
    return all(mallopt(option, value) == 1 for option, value in settings)
