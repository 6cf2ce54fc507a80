"""Room for large pictures: what is decoded or reduced at once takes only so much together."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from attnviz.pictures.limits import MEGABYTE

_SMALL = 64 * MEGABYTE  # a photo of 16 megapixels; smaller ones never wait
_TOGETHER = 512 * MEGABYTE


class DecodingRoom:
    """So many bytes for what is done at once; who needs more than is left waits in a line.

    Parameters
    ----------
    small
        Bytes up to which nobody waits or is counted.
    together
        Bytes of all the others; one that needs more is done alone.
    """

    def __init__(self, small: int = _SMALL, together: int = _TOGETHER) -> None:
        self._small = small
        self._together = together
        self._inside = threading.local()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as in a forked process, where nobody is left who holds anything."""
        self._changed = threading.Condition()
        self._taken = 0
        self._line: deque[object] = deque()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Hold room for `size` bytes; inside of this, the same thread waits for no more."""
        if size <= self._small or getattr(self._inside, "yes", False):
            yield
            return
        self._wait_for(size)
        self._inside.yes = True
        try:
            yield
        finally:
            self._inside.yes = False
            with self._changed:
                self._taken -= size
                self._changed.notify_all()

    def _wait_for(self, size: int) -> None:
        ticket = object()
        with self._changed:
            self._line.append(ticket)
            try:
                self._changed.wait_for(lambda: self._line[0] is ticket and self._fits(size))
                self._taken += size
            finally:  # also after Ctrl-C
                self._line.remove(ticket)
                self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return self._taken == 0 or self._taken + size <= self._together


DECODING = DecodingRoom()
"""That of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=DECODING.forget)
