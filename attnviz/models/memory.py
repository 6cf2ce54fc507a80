"""How much memory this computer has, without a library for it."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")


class Memory(NamedTuple):
    """Bytes in all and bytes free; None where the system does not tell."""

    total: int | None
    free: int | None


def system_memory() -> Memory:
    """The memory that this process may use: the computer's, or its container's if that is less."""
    if sys.platform == "win32":
        return _windows()
    whole = _linux(_MEMINFO) if _MEMINFO.is_file() else Memory(_physical(), None)
    return _within(whole, _CGROUP)


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _linux(meminfo: Path) -> Memory:
    """`MemAvailable` counts the file cache, which the kernel gives back when asked."""
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB$", meminfo.read_text(), re.MULTILINE))
    total, free = (found.get(key) for key in ("MemTotal", "MemAvailable"))
    return Memory(int(total) * 1024 if total else None, int(free) * 1024 if free else None)


def _within(whole: Memory, cgroup: Path) -> Memory:
    """`whole`, or the limit of a container (cgroup v2) where it is lower."""
    try:
        limit = int((cgroup / "memory.max").read_text())  # "max" where there is none
        used = int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):
        return whole
    if whole.total is not None and whole.total <= limit:
        return whole
    left = max(limit - used, 0)
    return Memory(limit, left if whole.free is None else min(left, whole.free))


class _MemoryStatus(ctypes.Structure):
    """Windows' MEMORYSTATUSEX."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("rest", ctypes.c_ulonglong * 5),
    )


def _windows() -> Memory:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  # absent on other systems
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return Memory(None, None)
    return Memory(int(status.total), int(status.free))
