"""A worker, as the app sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Timer

import attnviz
from attnviz.decoding.limits import DecodingLimits
from attnviz.decoding.messages import BrokenMessageError, Message, read_message, write_message

MOST_ANSWERED = 2**30
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP")
_OF_ITS_OWN = {
    # Each thread and each arena of its memory reserves address space, which is what is limited.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"),
    "MALLOC_ARENA_MAX": "2",
    "PYTHONPATH": str(Path(attnviz.__file__).resolve().parents[1]),
}
_OUT_OF_TIME = getattr(signal, "SIGXCPU", None)
_KILLED = getattr(signal, "SIGKILL", None)
_DYING_SECONDS = 1.0  # from the end of its output to that of the process


class WorkerEndedError(Exception):
    """A worker ended in the middle of its work.

    Attributes
    ----------
    needs
        "time" of the processor, "clock" or "memory", if a limit ended it; "start" if the system let
        none start; "killed" if somebody else ended it, as a system does that is short of memory;
        empty if it broke down.
    """

    def __init__(self, needs: str) -> None:
        super().__init__(needs)
        self.needs = needs


class WorkerProcess:
    """A process that opens one file at a time.

    Parameters
    ----------
    limits
        What it may take for each.

    Raises
    ------
    WorkerEndedError
        It cannot be started.
    """

    def __init__(self, limits: DecodingLimits) -> None:
        self._limits = limits
        command = [sys.executable, "-B", "-P", "-m", "attnviz.decoding.worker"]
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        try:
            self._process = subprocess.Popen(  # noqa: S603  our own module
                [*command, json.dumps(asdict(limits))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment | _OF_ITS_OWN,
                start_new_session=True,  # Ctrl-C is for the app, which then ends it
            )
        except OSError as error:  # too many processes, or no memory for one more
            raise WorkerEndedError("start") from error
        self._ready = False

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, request: Message) -> Message:
        """Have a file opened.

        Returns
        -------
        Message
            The answer.

        Raises
        ------
        WorkerEndedError
            It broke a limit, or down, and has ended.
        """
        return self._exchanged(request)

    def stream(self, request: Message) -> Iterator[Message]:
        """Have a file opened that has many answers; the limits are those of each.

        Raises
        ------
        WorkerEndedError
            As `ask`.
        """
        answer = self._exchanged(request)
        while "end" not in answer.facts:
            yield answer
            answer = self._exchanged(None)

    def _exchanged(self, request: Message | None) -> Message:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise WorkerEndedError("")
        clock = Timer(self._limits.seconds, self._process.kill)
        clock.daemon = True
        begun = time.monotonic()
        clock.start()
        try:
            if not self._ready:
                self._ready = read_message(stdout, 0) is not None
            if request is not None:
                write_message(stdin, request)
            answer = read_message(stdout, MOST_ANSWERED)
        except (OSError, BrokenMessageError):
            answer = None
        finally:
            clock.cancel()
        if answer is None or "needs" in answer.facts:
            seconds = time.monotonic() - begun
            own_end = self._own_end() if answer is None else None
            self.close()
            raise WorkerEndedError(self._needs(answer, own_end, seconds))
        return answer

    def _own_end(self) -> int | None:
        """How it ended before `close` ends it; None if it is still there."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_DYING_SECONDS)
        return None

    def _needs(self, answer: Message | None, own_end: int | None, seconds: float) -> str:
        if answer is not None:
            return str(answer.facts["needs"])
        if _OUT_OF_TIME is not None and own_end == -_OUT_OF_TIME:
            return "time"
        if seconds >= self._limits.seconds:
            return "clock"
        return "killed" if _KILLED is not None and own_end == -_KILLED else ""

    def close(self) -> None:
        """End it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was still to be written
                    pipe.close()
        self._process.wait()
