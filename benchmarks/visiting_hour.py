"""Tabs that come and go for an hour: whether each sees its own pictures, and memory stays level.

`python -m benchmarks.visiting_hour --tabs 20 --minutes 60` serves the app in hosted mode. Every tab
adds photos of its own, looks at each through the networks that come along, and is closed, now and
then in the middle of an answer; another one takes its place. The caches are small, so that they are
full long before the middle: what grows after that is a leak.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

import psutil

from benchmarks.under_fire.server import free_port, serving
from benchmarks.under_fire.visitor import healthy
from benchmarks.visitor_tab import VisitorTabError
from benchmarks.visitors import MODELS, UPLOAD, Figures, Visit

LEVEL = 0.05  # by which the last third may differ from the second
_EVERY = 5.0  # seconds between two looks at memory
_WIDTH = 1024  # of the photos: the processor's time goes into many tabs rather than large files
_LEAVES = 0.05  # share of the looks during which the tab is closed
_MOST_ERRORS = 50  # then nothing more is to be learned
_MEGABYTE = 2**20


@dataclass(frozen=True)
class Hour:
    """How many tabs there are at once, for how long, and what they do.

    Attributes
    ----------
    tabs
        Open at a time.
    seconds
        Until no new tab comes; those that are open finish what they do.
    models
        Networks that each photo is looked at with.
    pause
        Longest time in seconds that somebody looks at a picture.
    cache_megabytes
        What the server may keep for all.
    """

    tabs: int = 20
    seconds: float = 3600.0
    models: Sequence[str] = MODELS
    pause: float = 30.0
    cache_megabytes: int = 400


@dataclass(frozen=True)
class MemorySample:
    """Memory after so many seconds, in bytes: what each process has for itself alone.

    Libraries that others use as well are left out: their share changes with those others.
    """

    seconds: float
    server: int
    workers: int


Tell: TypeAlias = Callable[[MemorySample], None]


@dataclass
class HourFigures:
    """What the hour has shown.

    Attributes
    ----------
    looks
        What the tabs found.
    tabs
        How many there were in all.
    left_early
        How many of them were closed in the middle of an answer.
    samples
        The memory of the server and of the processes that decode for it.
    """

    looks: Figures = field(default_factory=Figures)
    tabs: int = 0
    left_early: int = 0
    samples: list[MemorySample] = field(default_factory=list)

    def thirds(self) -> list[float]:
        """Return the mean memory of each third of the time, in MB."""
        end = self.samples[-1].seconds
        parts: list[list[float]] = [[], [], []]
        for one in self.samples:
            part = min(2, int(3 * one.seconds / end))
            parts[part].append((one.server + one.workers) / _MEGABYTE)
        return [fmean(part) for part in parts]

    def growth(self) -> float:
        """Return by which share the last third exceeds the second."""
        _, second, last = self.thirds()
        return last / second - 1

    def rows(self) -> list[str]:
        """Return what was found, a line each."""
        first, second, last = self.thirds()
        most = max(self.samples, key=lambda one: one.server + one.workers)
        return [
            *self.looks.rows()[:-1],
            f"{self.tabs} tabs, {self.left_early} closed in the middle of an answer; "
            f"{self.looks.checked} pictures checked, {len(self.looks.errors)} errors",
            f"memory of server and workers, mean of each third: {first:.0f}, {second:.0f}, "
            f"{last:.0f} MB ({self.growth():+.1%}); at most {most.server / _MEGABYTE:.0f} + "
            f"{most.workers / _MEGABYTE:.0f} MB",
        ]


class _Doors:
    """Lets tabs in and out."""

    def __init__(self, address: str, hour: Hour, figures: HourFigures, seed: int) -> None:
        self._address, self._hour, self._figures = address, hour, figures
        self._chance = random.Random(seed)  # what visitors do need not be a secret
        self._end = time.monotonic() + hour.seconds

    async def place(self) -> None:
        """One tab after the other, until the time is over."""
        while time.monotonic() < self._end and len(self._figures.looks.errors) < _MOST_ERRORS:
            self._figures.tabs += 1
            visit = Visit(self._address, self._figures.tabs, self._figures.looks, width=_WIDTH)
            await visit.guarded(partial(self._stay, visit))

    async def _stay(self, visit: Visit) -> None:
        await visit.open()
        try:
            for seed in visit.seeds[: self._chance.randint(1, len(visit.seeds))]:
                await visit.add_photo(UPLOAD, seed)
                for name in self._chance.sample(self._hour.models, len(self._hour.models)):
                    await asyncio.sleep(self._chance.uniform(0, self._hour.pause))
                    if time.monotonic() > self._end:
                        return
                    if self._chance.random() < _LEAVES:
                        self._figures.left_early += 1
                        await visit.ask(name)
                        return
                    await visit.step(name)
        finally:
            await visit.tab.close()


async def _remember(server: psutil.Process, figures: HourFigures, tell: Tell) -> None:
    """Look at the memory now and then, until cancelled."""
    start = time.monotonic()
    while True:
        with suppress(psutil.NoSuchProcess):  # a worker that has just ended
            family = [server, *server.children(recursive=True)]
            own, *others = [one.memory_full_info().uss for one in family]
            figures.samples.append(MemorySample(time.monotonic() - start, own, sum(others)))
            tell(figures.samples[-1])
        await asyncio.sleep(_EVERY)


async def _spend(address: str, server: int, hour: Hour, seed: int, tell: Tell) -> HourFigures:
    figures = HourFigures()
    doors = _Doors(address, hour, figures, seed)
    watch = asyncio.create_task(_remember(psutil.Process(server), figures, tell))
    await asyncio.gather(*(doors.place() for _ in range(hour.tabs)))
    watch.cancel()
    return figures


def spent(hour: Hour, seed: int = 0, tell: Tell = lambda _: None) -> HourFigures:
    """Serve the app to tabs for some time, and return what they and its memory showed.

    `tell` is told of each look at the memory.
    """
    with tempfile.TemporaryDirectory(prefix="attnviz-hour-") as name:
        port, log = free_port(), Path(name) / "server.log"
        own = {
            "ATTNVIZ_CACHE_MB": str(hour.cache_megabytes), "TMPDIR": name,
            "STREAMLIT_SERVER_WEBSOCKET_PING_INTERVAL": "300",  # tabs of one process answer late
        }  # fmt: skip
        with serving(port, log, own, hosted=True) as process:
            if not healthy(port):
                raise VisitorTabError(f"the server does not start: {log.read_text()[-400:]}")
            figures = asyncio.run(_spend(f"http://127.0.0.1:{port}", process.pid, hour, seed, tell))
        lines = log.read_text(errors="replace").splitlines()
    figures.looks.errors += [one for one in lines if one.startswith(("Traceback", "MemoryError"))]
    return figures


def main() -> int:
    """Print what the hour has shown; 1 if anything was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tabs", type=int, default=Hour.tabs)
    parser.add_argument("--minutes", type=float, default=Hour.seconds / 60)
    parser.add_argument("--pause", type=float, default=Hour.pause, help="longest, in seconds")
    parser.add_argument("--model", action="append", help="may be repeated; four by default")
    parser.add_argument("--cache-mb", type=int, default=Hour.cache_megabytes)
    parser.add_argument("--samples", type=Path, help="CSV of the memory as it is looked at")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    hour = Hour(given.tabs, 60 * given.minutes, given.model or MODELS, given.pause, given.cache_mb)
    with given.samples.open("w") if given.samples else nullcontext() as file:

        def tell(sample: MemorySample) -> None:
            print(f"{sample.seconds:.0f},{sample.server},{sample.workers}", file=file, flush=True)

        figures = spent(hour, given.seed, tell if given.samples else lambda _: None)
    print("\n".join([*figures.rows(), *figures.looks.errors[:20]]))
    print(f"load of this computer: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return int(bool(figures.looks.errors) or figures.growth() > LEVEL)


if __name__ == "__main__":
    sys.exit(main())
