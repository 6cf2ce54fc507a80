"""A slot for the newest of something: nothing queues up behind slow work."""

from __future__ import annotations

from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """Holds one thing; a newer one takes the place of one that nobody has taken yet.

    Examples
    --------
    >>> slot = Newest[str]()
    >>> slot.put("first")
    >>> slot.put("second")
    >>> slot.take()
    'second'
    >>> slot.close()
    >>> slot.take() is None
    True
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._item: T | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing more comes."""
        return self._closed

    def put(self, item: T) -> None:
        """Leave an item, at once; it is dropped if the slot is closed."""
        with self._changed:
            if not self._closed:
                self._item = item
                self._changed.notify()

    def take(self) -> T | None:
        """Wait for an item and take it; None once the slot is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None)
            item, self._item = self._item, None
            return item

    def take_at_hand(self) -> T | None:
        """Take an item without waiting; None if there is none."""
        with self._changed:
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Drop what is there, and let whoever waits go; may be called again."""
        with self._changed:
            self._closed, self._item = True, None
            self._changed.notify_all()
