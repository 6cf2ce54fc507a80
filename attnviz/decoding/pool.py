"""The turns of visitors whose files workers open, and what is known of files that do not open."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from threading import BoundedSemaphore, Lock

from attnviz.decoding.file_workers import FileWorkers
from attnviz.decoding.limits import MEMORY_VARIABLE, DecodingLimits
from attnviz.decoding.messages import Facts, Message
from attnviz.decoding.process import WorkerEndedError, WorkerProcess
from attnviz.errors import BusyWorkersError, PictureError
from attnviz.hosting import Hosting
from attnviz.pictures.limits import BYTES_VARIABLE, MEGABYTE, PIXELS_VARIABLE

_MOST_FAILURES = 1024
SETTINGS = (BYTES_VARIABLE, PIXELS_VARIABLE)
"""Variables that a worker goes by; they come with each file."""
_PASSING = ("clock", "start", "killed")  # what ends a worker on a busy computer, with any file


class WorkerPool:
    """Has strangers' files opened, each by a worker of its own, and a few at once.

    Parameters
    ----------
    limits
        How many are open at once, and what each may take.
    """

    def __init__(self, limits: DecodingLimits) -> None:
        self.limits = limits
        self._turn = BoundedSemaphore(limits.workers)
        self._films = BoundedSemaphore(limits.workers)
        self._workers = FileWorkers(limits)
        self._lock = Lock()
        self._failures: OrderedDict[str, str] = OrderedDict()

    def warm_up(self) -> None:
        """Start a worker, so that the first file need not wait for it."""
        self._workers.start_spare()

    def ask(self, task: str, source: bytes, checksum: str, name: str, **options: object) -> Message:
        """Have a worker do a task.

        Parameters
        ----------
        task
            Name of one of `TASKS`.
        source
            A file's content.
        checksum
            Its SHA-256.
        name
            What it is called in errors.
        options
            What else the task needs, as JSON knows it.

        Returns
        -------
        Message
            The answer.

        Raises
        ------
        PictureError
            The file cannot be opened, or takes more than the limits allow. Files that failed before
            fail at once.
        BusyWorkersError
            It has to wait too long, or the computer is too busy: another time it may be opened.
        """
        facts = _request(task, checksum, name, options)
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        try:
            answer = self._asked(key, Message(facts, (source,)))
        except WorkerEndedError as error:
            text = self._sentence(name, error.needs)
            if error.needs in _PASSING:
                raise BusyWorkersError(text) from error
            raise self._failed(key, text) from error
        if "error" in answer.facts:
            raise self._failed(key, str(answer.facts["error"]))
        return answer

    def stream(
        self,
        task: str,
        source: bytes,
        checksum: str,
        name: str,
        *,
        aside: Callable[[], AbstractContextManager[object]] = nullcontext,
        **options: object,
    ) -> Iterator[Message]:
        """Have a worker of its own do a task of many answers, as fast as they are taken.

        The other parameters and errors are those of `ask`; the worker ends with the iterator.

        Parameters
        ----------
        aside
            Entered while other videos are waited for: whoever holds what others need gives it away.
        """
        self._wait_for_film(name, aside)
        request, worker = Message(_request(task, checksum, name, options), (source,)), None
        try:
            worker = WorkerProcess(self.limits)
            for answer in worker.stream(request):
                if "error" in answer.facts:
                    raise PictureError(str(answer.facts["error"]))
                yield answer
        except WorkerEndedError as error:
            raise PictureError(self._sentence(name, error.needs)) from error
        finally:
            if worker is not None:
                worker.close()
            self._films.release()

    def _wait_for_film(
        self, name: str, aside: Callable[[], AbstractContextManager[object]]
    ) -> None:
        if self._films.acquire(blocking=False):
            return
        taken = False
        try:
            with aside():
                taken = self._films.acquire(timeout=self.limits.waiting_seconds)
        except BaseException:  # a click, while it was waited for what had been given away
            if taken:
                self._films.release()
            raise
        if not taken:
            raise _waited(name)

    def close(self) -> None:
        """End the workers that wait for work."""
        self._workers.close()

    def _asked(self, key: str, request: Message) -> Message:
        self._refuse_known(key)
        if not self._turn.acquire(timeout=self.limits.waiting_seconds):
            raise _waited(request.facts["name"])
        try:
            self._refuse_known(key)  # meanwhile another visitor's turn may have shown it
            with self._workers.lent(request.facts["checksum"]) as worker:
                return worker.ask(request)
        finally:
            self._turn.release()

    def _refuse_known(self, key: str) -> None:
        with self._lock:
            if (known := self._failures.get(key)) is not None:
                self._failures.move_to_end(key)
                raise PictureError(known)

    def _failed(self, key: str, text: str) -> PictureError:
        with self._lock:
            self._failures[key] = text
            while len(self._failures) > _MOST_FAILURES:
                self._failures.popitem(last=False)
        return PictureError(text)

    def _sentence(self, name: str, needs: str) -> str:
        if needs == "memory":
            hosted = Hosting.from_environment().hosted  # its visitors can set no variable
            remedy = "" if hosted else f", or raise {MEMORY_VARIABLE}"
            return (
                f"{name} needs more memory than the {self.limits.memory // MEGABYTE} MB that one "
                f"file may take. Save it smaller{remedy}."
            )
        if needs == "start":
            return (
                f"{name} cannot be opened now: this computer starts no further program to decode "
                "it. Try again later."
            )
        if needs == "killed":
            return (
                f"{name} cannot be opened now: this computer ended the program that was to decode "
                "it. Try again later."
            )
        if needs == "clock":
            return f"{name} took longer than {self.limits.seconds:.0f} s to open. Try again later."
        if needs == "time":
            return (
                f"{name} takes longer to open than the {self.limits.processor_seconds} s that one "
                "file may take. Save it again as JPEG or PNG, or smaller."
            )
        return (
            f"{name} cannot be opened: the program that was to decode it broke down. Save it again "
            "as JPEG or PNG."
        )


def _request(task: str, checksum: str, name: str, options: dict[str, object]) -> Facts:
    settings = {one: os.environ[one] for one in SETTINGS if one in os.environ}
    facts = {"task": task, "checksum": checksum, "name": name, "settings": settings}
    return {**facts, **options}


def _waited(name: str) -> BusyWorkersError:
    return BusyWorkersError(
        f"{name} waited too long for its turn: many files are being opened here now. Try again in "
        "a minute."
    )


def workers() -> WorkerPool:
    """Return the workers of this process, which end with it."""
    with _MAKING:  # two threads at once would make two
        return _made()


_MAKING = Lock()


@cache
def _made() -> WorkerPool:
    pool = WorkerPool(DecodingLimits.from_environment())
    atexit.register(pool.close)
    return pool
