"""How much memory works take, by how far the process grows while they run."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_PEAK = b"5"  # what makes Linux count the peak anew


class MemoryReading(NamedTuple):
    """Bytes that the process has now, and that it had at most since the last reading."""

    now: int
    peak: int


def read_memory() -> MemoryReading | None:
    """Read what this process takes of memory; None where the system does not tell it as Linux does.

    Where the peak cannot be counted anew it is what the process takes now.
    """
    try:
        found = dict(re.findall(r"^Vm(RSS|HWM):\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE))
        now, peak = (int(found[name]) * 1024 for name in ("RSS", "HWM"))
    except (OSError, KeyError):
        return None
    try:
        os.write(_opened_reset(os.getpid()), _PEAK)
    except OSError:
        peak = now
    return MemoryReading(now, peak)


# Opened once: `hide_memory` gives what is opened later to root. A forked process has its own.
@lru_cache(maxsize=1)
def _opened_reset(process: int) -> int:
    del process
    return os.open(_RESET, os.O_WRONLY)


@dataclass
class _Metered:
    base: int
    growth: float = 0.0


class MemoryMeter:
    """Tells the works that run apart as well as that can be: they share a peak between them.

    The caller sees to it that one thread at a time calls it.

    Parameters
    ----------
    read
        Reads the memory, and begins to look for its peak anew.
    """

    def __init__(self, read: Callable[[], MemoryReading | None] = read_memory) -> None:
        self._read = read
        self._running: dict[Hashable, _Metered] = {}

    def begin(self, work: Hashable) -> None:
        """Meter a work from now on."""
        reading = self._share()
        if reading is not None:
            self._running[work] = _Metered(reading.now)

    def end(self, work: Hashable) -> int | None:
        """Return the bytes that a work took at most since its beginning; None if unknown."""
        self._share()
        metered = self._running.pop(work, None)
        return None if metered is None else int(metered.growth)

    def _share(self) -> MemoryReading | None:
        """Give those that run their share of the peak since the last reading."""
        reading = self._read()
        if reading is not None:
            for metered in self._running.values():
                growth = (reading.peak - metered.base) / len(self._running)
                metered.growth = max(metered.growth, growth)
        return reading
