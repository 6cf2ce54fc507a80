"""Results kept by their bytes: each is made once, and the least recently used goes first."""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from threading import Condition
from typing import Any, TypeVar

from attnviz.scheduling.sizes import size_of

T = TypeVar("T")
POLL = 0.5  # seconds between two calls of `waiting`


@dataclass
class _Kept:
    value: Any
    bytes: int
    used: float


class ByteStore:
    """Values by key, of which each is made once, whoever asks for it and however many do.

    Parameters
    ----------
    budget
        Bytes that the values may hold together. What somebody still uses is kept beyond it: to drop
        it would free nothing, and it would be made a second time.
    idle_seconds
        After so long without use a value is dropped.
    size
        Returns the bytes of a value.
    on_drop
        Called after values were dropped.
    clock
        Returns seconds that never go back.
    """

    def __init__(
        self,
        budget: int,
        *,
        idle_seconds: float = 2 * 3600,
        size: Callable[[Any], int] = size_of,
        on_drop: Callable[[], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.budget = budget
        self._idle, self._size, self._on_drop, self._clock = idle_seconds, size, on_drop, clock
        self._changed = Condition()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._making: set[Hashable] = set()

    @property
    def bytes(self) -> int:
        """What the values hold together."""
        with self._changed:
            return sum(one.bytes for one in self._kept.values())

    def __len__(self) -> int:
        with self._changed:
            return len(self._kept)

    def __contains__(self, key: Hashable) -> bool:
        with self._changed:
            return key in self._kept

    def get(
        self,
        key: Hashable,
        make: Callable[[], T],
        waiting: Callable[[], object] | None = None,
        aside: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> T:
        """Return a value; make it if it is not here, or wait for who makes it.

        Parameters
        ----------
        key
            Determines the value.
        make
            Makes it. What it raises is raised, and who waits makes it then.
        waiting
            Called every now and then while somebody else makes it; what it raises ends the wait.
        aside
            Returns a block for the wait, such as one in which a slot is given away that the maker
            may need.
        """
        while True:
            with self._changed:
                found = self._kept.get(key)
                if found is not None:
                    found.used = self._clock()
                    self._kept.move_to_end(key)
                    value: T = found.value
                    return value
                if key not in self._making:
                    self._making.add(key)
                    break
            with aside():
                self._wait_for(key, waiting)
        return self._made(key, make)

    def clear(self) -> None:
        """Drop all values."""
        with self._changed:
            self._kept.clear()

    def _wait_for(self, key: Hashable, waiting: Callable[[], object] | None) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: key not in self._making, POLL):
                    return
            if waiting is not None:
                waiting()

    def _made(self, key: Hashable, make: Callable[[], T]) -> T:
        try:
            value = make()
            size = self._size(value)
            with self._changed:
                self._kept[key] = _Kept(value, size, self._clock())
                dropped = self._shrink(key)
        finally:
            with self._changed:
                self._making.discard(key)
                self._changed.notify_all()
        if dropped and self._on_drop is not None:
            self._on_drop()
        return value

    def _shrink(self, newest: Hashable) -> bool:
        """Drop what is idle, and what is beyond the budget; whether anything was dropped."""
        count, latest = len(self._kept), self._clock() - self._idle
        total = sum(one.bytes for one in self._kept.values())
        for key in list(self._kept):
            one = self._kept[key]
            if key == newest or (one.used >= latest and total <= self.budget):
                continue
            if _let_go(one):
                total -= one.bytes
                del self._kept[key]
        return len(self._kept) < count


def _let_go(kept: _Kept) -> bool:
    """Drop a value unless somebody still uses it: then it lives on without us, and stays here."""
    try:
        seen = weakref.ref(kept.value)
    except TypeError:  # bytes and tuples tell nobody
        return True
    kept.value = None
    kept.value = seen()
    return kept.value is None
