"""Which worker opens which file: each opens one alone, and one that has opened none stands ready.

A worker that a hostile file has taken over is thus never given the file of anybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock, Timer

from attnviz.decoding.limits import DecodingLimits
from attnviz.decoding.process import WorkerEndedError, WorkerProcess


@dataclass(frozen=True, eq=False)
class _WaitingWorker:
    """A worker that waits for more questions about its file, and what ends it if none come."""

    worker: WorkerProcess
    checksum: str
    clock: Timer


class FileWorkers:
    """Workers for one file each, and a spare.

    Parameters
    ----------
    limits
        Of so many workers that have had a file, those that wait for more questions about it are
        ended, the oldest first. The caller asks for no more than so many at once.
    """

    def __init__(self, limits: DecodingLimits) -> None:
        self._limits = limits
        self._lock = Lock()
        self._spare: WorkerProcess | None = None
        self._starting = False
        self._lent = 0
        self._kept: list[_WaitingWorker] = []  # the oldest first
        self._round = 0  # closings so far: what was begun before one is not kept after it

    @contextmanager
    def lent(self, checksum: str) -> Iterator[WorkerProcess]:
        """Lend the worker of a file, or one that has had none; an error ends it.

        Raises
        ------
        WorkerEndedError
            None can be started.
        """
        begun, worker = self._taken(checksum)
        try:
            yield worker
        except BaseException:
            worker.close()
            with self._lock:
                self._lent -= 1
            raise
        self._keep(worker, checksum, begun)

    def start_spare(self) -> None:
        """Have a worker stand ready; it gets ready by itself while others go on."""
        with self._lock:
            if self._starting or (self._spare is not None and self._spare.alive):
                return
            dead, self._spare = self._spare, None
            self._starting, begun = True, self._round
        started = None
        try:
            if dead is not None:
                dead.close()
            with suppress(WorkerEndedError):  # whoever needs one is told why there is none
                started = WorkerProcess(self._limits)
        finally:
            with self._lock:
                self._starting = False
                if begun == self._round:
                    started, self._spare = None, started
        if started is not None:  # for nobody: meanwhile all were closed
            started.close()

    def close(self) -> None:
        """End all workers that are not lent now; those that are end when they come back."""
        with self._lock:
            self._round += 1
            spare, self._spare = self._spare, None
            kept, self._kept = self._kept, []
        for one in kept:
            _end(one)
        if spare is not None:
            spare.close()

    def _taken(self, checksum: str) -> tuple[int, WorkerProcess]:
        with self._lock:
            begun = self._round
            own = next((one for one in self._kept if one.checksum == checksum), None)
            if own is not None:
                self._kept.remove(own)
                own.clock.cancel()
            self._lent += 1
            if own is not None and own.worker.alive:
                return begun, own.worker
            spare, self._spare = self._spare, None
            surplus = max(0, len(self._kept) + self._lent - self._limits.workers)
            ended, self._kept = self._kept[:surplus], self._kept[surplus:]
        for one in ended if own is None else [own, *ended]:
            _end(one)
        worker = None
        try:
            worker = self._fresh(spare)
            self.start_spare()
        except BaseException:
            with self._lock:
                self._lent -= 1
            if worker is not None:
                worker.close()
            raise
        return begun, worker

    def _fresh(self, spare: WorkerProcess | None) -> WorkerProcess:
        if spare is not None:
            if spare.alive:
                return spare
            spare.close()
        return WorkerProcess(self._limits)

    def _keep(self, worker: WorkerProcess, checksum: str, begun: int) -> None:
        clock = Timer(self._limits.kept_seconds, self._forget, (worker,))
        clock.daemon = True
        with self._lock:
            self._lent -= 1
            if kept := begun == self._round:
                self._kept.append(_WaitingWorker(worker, checksum, clock))
        if kept:
            clock.start()
        else:
            worker.close()

    def _forget(self, worker: WorkerProcess) -> None:
        with self._lock:
            found = [one for one in self._kept if one.worker is worker]
            self._kept = [one for one in self._kept if one.worker is not worker]
        for one in found:
            _end(one)


def _end(kept: _WaitingWorker) -> None:
    kept.clock.cancel()
    kept.worker.close()
