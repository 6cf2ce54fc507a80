"""Visitors of a queue for tests: works that wait in threads of their own, and time as told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from attnviz.scheduling.fair_queue import FairQueue, Turn
from attnviz.scheduling.work import QueuedWork

LONG = 120.0  # seconds after which a test has failed


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Visits:
    """Works that wait in threads of their own; `served` lists them in the order of their slots."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue, self.served = queue, list[str]()
        self._threads: list[threading.Thread] = []

    def ask(
        self,
        visitor: str,
        *,
        long: bool = False,
        seconds: float | None = 1.0,
        memory: int | None = None,
        after: bool = False,
        until: threading.Event | None = None,
    ) -> None:
        """Line up, and return when it stands in the queue; its slot is held until an event."""
        stands = threading.Event()
        work = QueuedWork("look", visitor, long, seconds, memory, after)

        def run() -> None:
            with self.queue.turn(work, lambda _: stands.set()):
                self.served.append(visitor)
                if until is not None:
                    until.wait(LONG)

        thread = threading.Thread(target=run)
        thread.start()
        self._threads.append(thread)
        assert stands.wait(LONG)

    def finish(self) -> list[str]:
        for thread in self._threads:
            thread.join(LONG)
            assert not thread.is_alive()
        return self.served


@contextmanager
def busy(queue: FairQueue, visitor: str = "owner") -> Iterator[Turn]:
    """The only slot is taken."""
    with queue.turn(QueuedWork("busy", visitor, seconds=1.0)) as turn:
        yield turn
