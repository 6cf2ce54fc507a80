"""Memory of this computer, read without a third-party library."""

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
    """Total and free bytes; None if the system does not report them."""

    total: int | None
    free: int | None


def system_memory() -> Memory:
    """Return the memory that this process may use: the computer's, or its container's if less."""
    if sys.platform == "win32":
        return _windows()
    computer = _linux(_MEMINFO) if _MEMINFO.is_file() else Memory(_physical(), None)
    return _limited(computer, _CGROUP)


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _linux(meminfo: Path) -> Memory:
    """`MemAvailable` counts the file cache, which the kernel frees on demand."""
    fields = dict(re.findall(r"^(\w+):\s+(\d+) kB$", meminfo.read_text(), re.MULTILINE))
    total, free = (fields.get(key) for key in ("MemTotal", "MemAvailable"))
    return Memory(int(total) * 1024 if total else None, int(free) * 1024 if free else None)


def _limited(computer: Memory, cgroup: Path) -> Memory:
    """The computer's memory, or the limit of a container (cgroup v2) if that is lower.

    The file cache counts as free here, too: a container that has read much would have none left.
    """
    try:
        limit = int((cgroup / "memory.max").read_text())  # "max" without a limit
        used = int((cgroup / "memory.current").read_text()) - _file_cache(cgroup)
    except (OSError, ValueError):
        return computer
    if computer.total is not None and computer.total <= limit:
        return computer
    left = min(max(limit - used, 0), limit)
    return Memory(limit, left if computer.free is None else min(left, computer.free))


def _file_cache(cgroup: Path) -> int:
    """Bytes of a container's file cache; 0 where they are not told."""
    try:
        told = (cgroup / "memory.stat").read_text()
    except OSError:
        return 0
    pages = re.findall(r"^(?:in)?active_file (\d+)$", told, re.MULTILINE)
    return sum(int(count) for count in pages)


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
