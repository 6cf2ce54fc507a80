"""What works take of memory, and who of several is charged for it."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from attnviz.scheduling import memory_meter
from attnviz.scheduling.memory_meter import MemoryMeter, MemoryReading, read_memory

MEGABYTE = 2**20


def _counts_anew() -> bool:
    """Whether this is Linux, and lets a process have its peak counted anew."""
    try:
        memory_meter._RESET.write_bytes(memory_meter._PEAK)
    except OSError:
        return False
    return True


class Process:
    """A process of which a test says what it takes."""

    def __init__(self) -> None:
        self.now = self.peak = 100

    def grow(self, to: int) -> None:
        self.now = to
        self.peak = max(self.peak, to)

    def read(self) -> MemoryReading:
        reading = MemoryReading(self.now, self.peak)
        self.peak = self.now
        return reading


def test_a_work_is_charged_for_the_peak_while_it_ran() -> None:
    process = Process()
    process.grow(900)
    process.grow(100)
    meter = MemoryMeter(process.read)
    meter.begin("a")
    process.grow(150)
    process.grow(120)
    assert meter.end("a") == 50, "not for what was there before"
    assert meter.end("a") is None


def test_works_that_run_together_share_a_peak() -> None:
    process = Process()
    meter = MemoryMeter(process.read)
    meter.begin("a")
    process.grow(130)  # by the first alone
    meter.begin("b")
    process.grow(180)  # by both
    process.grow(110)
    assert meter.end("b") == 25
    process.grow(200)  # by the first alone
    assert meter.end("a") == 100


def test_where_the_system_tells_nothing_nothing_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory_meter, "_STATUS", tmp_path / "none")
    meter = MemoryMeter()
    meter.begin("a")
    assert meter.end("a") is None


@pytest.mark.skipif(not _counts_anew(), reason="the system does not count a peak anew")
def test_the_peak_of_this_process_is_found_and_counted_anew() -> None:
    before = read_memory()
    assert before is not None
    with mmap.mmap(-1, 64 * MEGABYTE) as held:  # an array may come from what was freed before
        np.frombuffer(held, np.uint8).fill(1)
    after = read_memory()
    assert after is not None
    assert after.peak - before.now > 48 * MEGABYTE
    again = read_memory()
    assert again is not None
    assert again.peak < after.peak - 32 * MEGABYTE
