"""Who waits at a server, and how many may: the others are told how many wait, and come again."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from attnviz.errors import DeadlineError, ServerBusyError

_FIRST_GUESS = 1.0  # seconds that a look is expected to take before one was seen


class WaitingRoom:
    """So many looks are computed, so many wait in order, and more are refused; one event loop's.

    Parameters
    ----------
    slots
        How many looks are given to the networks at a time.
    chairs
        How many may wait for a slot.
    clock
        Returns seconds that never go back.
    """

    def __init__(
        self, slots: int, chairs: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.slots, self.chairs, self._clock = slots, chairs, clock
        self.running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._learned = _FIRST_GUESS

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def slot(self, seconds: float) -> AsyncIterator[None]:
        """Wait for a slot, and hold it during the block.

        Parameters
        ----------
        seconds
            How long it is worth waiting.

        Raises
        ------
        ServerBusyError
            So many wait that there is no chair.
        DeadlineError
            There was no slot in time.
        """
        if self.running >= self.slots:
            await self._wait(seconds)
        else:
            self.running += 1
        since = self._clock()
        try:
            yield
        finally:
            self._learned = 0.8 * self._learned + 0.2 * (self._clock() - since)
            self._give_on()

    async def _wait(self, seconds: float) -> None:
        if self.waiting >= self.chairs:
            seconds = self._learned * (self.waiting + 1) / self.slots
            raise ServerBusyError(self.waiting, seconds)
        called = asyncio.get_running_loop().create_future()
        self._waiting.append(called)
        try:
            async with asyncio.timeout(seconds):
                await called
        except BaseException as error:
            if called.done() and not called.cancelled():  # called at the last moment
                self._give_on()
            elif called in self._waiting:  # no slot has come past it since it gave up
                self._waiting.remove(called)
            if isinstance(error, TimeoutError):
                raise DeadlineError(
                    f"No network was free within {seconds:.0f} s: {self.waiting} wait. Try again "
                    "later."
                ) from error
            raise

    def _give_on(self) -> None:
        """Give a slot to who is next."""
        while self._waiting:
            called = self._waiting.popleft()
            if not called.done():  # one that has given up may not have been woken to go yet
                called.set_result(None)
                return
        self.running -= 1
