"""A command that writes parts, watched each second, and killed on the way if that is asked."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_EVERY = 1.0  # seconds
_PATIENCE = 120.0  # seconds until what a killed command had started must be gone


@dataclass(frozen=True)
class Sample:
    """A moment of a command.

    Attributes
    ----------
    seconds
        Since its start.
    resident
        Bytes of memory of the command, and of all processes that it has started.
    processor
        Seconds of processor time of the command itself, and of all together.
    parts
        How many parts were whole.
    """

    seconds: float
    resident: int
    processor: tuple[float, float]
    parts: int


@dataclass(frozen=True)
class WatchedRun:
    """What a command did from start to end.

    Attributes
    ----------
    samples
        Of the stretch after the last kill.
    kills
        Parts that were whole at each kill.
    code
        Its exit code.
    left_over
        Processes that it had started and that outlived it.
    """

    samples: Sequence[Sample]
    kills: Sequence[int]
    code: int
    left_over: Sequence[str] = field(default=())

    def halves(self) -> tuple[int, int] | None:
        """Largest memory while the first half of the parts was written, and the second.

        None where too few were written after the last kill to tell.
        """
        working = [one for one in self.samples if one.parts > self.samples[0].parts]
        end = max((one.parts for one in working), default=0)
        working = working[: next((i for i, one in enumerate(working) if one.parts == end), 0)]
        middle = len(working) // 2
        first, second = working[:middle], working[middle:]
        if not first or end - self.samples[0].parts < 4:
            return None
        return max(one.resident for one in first), max(one.resident for one in second)


def watch(command: Sequence[str], parts: Path, kill_at: Sequence[int], log: Path) -> WatchedRun:
    """Run a command until it ends, and again after each kill.

    Parameters
    ----------
    command
        What is run; it goes on where it was killed.
    parts
        The folder in which whole parts appear.
    kill_at
        Numbers of whole parts at which it is killed, ascending.
    log
        Where its messages go.
    """
    left_over: list[str] = []
    kills: list[int] = []
    for limit in (*kill_at, None):
        samples: list[Sample] = []
        with log.open("ab") as messages:
            started = subprocess.Popen(command, stdout=messages, stderr=messages)
        own = psutil.Process(started.pid)
        family: dict[int, psutil.Process] = {own.pid: own}
        begin = time.perf_counter()
        while started.poll() is None:
            samples.append(_sample(own, family, parts, time.perf_counter() - begin, samples))
            if limit is not None and samples[-1].parts >= limit:
                own.send_signal(signal.SIGKILL)
                kills.append(samples[-1].parts)
                started.wait()
                break
            time.sleep(_EVERY)
        left_over += _outliving(family)
    return WatchedRun(samples, kills, started.returncode, left_over)


def _sample(
    own: psutil.Process,
    family: dict[int, psutil.Process],
    parts: Path,
    seconds: float,
    before: Sequence[Sample],
) -> Sample:
    resident, mine, together = 0, 0.0, 0.0
    with contextlib.suppress(psutil.Error):
        family.update({child.pid: child for child in own.children(recursive=True)})
    for process in family.values():
        with contextlib.suppress(psutil.Error):
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
            resident += memory.rss
            together += times.user + times.system
            if process.pid == own.pid:
                mine = times.user + times.system
    last = before[-1] if before else Sample(0, 0, (0, 0), 0)
    # After the end of the parts their folder is removed.
    count = max(len(list(parts.glob("*.parquet"))), last.parts if before else 0)
    both = max(mine, last.processor[0]), max(together, last.processor[1])
    return Sample(seconds, resident, both, count)


def _outliving(family: dict[int, psutil.Process]) -> list[str]:
    """Processes that are still there some time after the command has ended."""
    _, alive = psutil.wait_procs(list(family.values()), timeout=_PATIENCE)
    names = []
    for process in alive:
        with contextlib.suppress(psutil.Error):
            names.append(process.name())
    return names
