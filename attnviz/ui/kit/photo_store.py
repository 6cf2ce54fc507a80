"""The photos that visitors have added, in the server's memory; nothing is written to disk.

A photo belongs to the visitor who added it, and is found by that visitor's token alone.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import RLock

from attnviz.pictures.limits import MEGABYTE


@dataclass(frozen=True)
class KeptPhoto:
    """A file that a visitor has added.

    Attributes
    ----------
    name : str
        The file's name, which is untrusted.
    source : bytes
        Its content.
    checksum : str
        SHA-256 of the content.
    """

    name: str
    source: bytes = field(repr=False)
    checksum: str

    @classmethod
    def of(cls, name: str, source: bytes) -> KeptPhoto:
        """Describe a file by its name and content."""
        return cls(name, source, hashlib.sha256(source).hexdigest())


@dataclass(frozen=True)
class StoreLimits:
    """What is kept at most: for one visitor, for all, and for how long without a visit.

    The photo added last is always kept. Photos go in the order in which they were added. Who has
    closed all tabs, as far as that is known, has `closed_seconds` to come back.
    """

    photos: int = 48
    bytes: int = 128 * MEGABYTE
    all_photos: int = 1000
    all_bytes: int = 512 * MEGABYTE
    idle_seconds: float = 2 * 3600
    closed_seconds: float = 15 * 60


@dataclass
class _Visitor:
    photos: OrderedDict[str, KeptPhoto] = field(default_factory=OrderedDict)
    added: dict[str, int] = field(default_factory=dict)
    seen: float = 0.0
    left: float | None = None  # when the last tab was closed

    @property
    def size(self) -> int:
        return sum(len(photo.source) for photo in self.photos.values())

    def drop(self, checksum: str) -> KeptPhoto:
        del self.added[checksum]
        return self.photos.pop(checksum)


class PhotoStore:
    """Photos by visitor and checksum, within limits.

    Parameters
    ----------
    limits : StoreLimits
        What is kept at most.
    clock : callable
        Returns seconds that never go back.
    """

    def __init__(
        self, limits: StoreLimits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits or StoreLimits()
        self._clock = clock
        self._visitors: dict[str, _Visitor] = {}
        self._count = 0
        self._lock = RLock()

    def photos(self, visitor: str) -> list[KeptPhoto]:
        """Return a visitor's photos in their order; the visit counts as use of all of them."""
        with self._lock:
            self._forget_idle()
            found = self._visitors.get(visitor)
            if found is None:
                return []
            found.seen, found.left = self._clock(), None
            return list(found.photos.values())

    def add(self, visitor: str, photo: KeptPhoto, at: int | None = None) -> list[KeptPhoto]:
        """Keep a photo.

        Parameters
        ----------
        visitor : str
            The visitor's token.
        photo : KeptPhoto
            The photo. If the visitor has one of the same content, that one stays.
        at : int, optional
            Its place among the visitor's photos; the last one by default.

        Returns
        -------
        list of KeptPhoto
            The visitor's photos that had to go.
        """
        with self._lock:
            self._forget_idle()
            mine = self._visitors.setdefault(visitor, _Visitor())
            mine.seen, mine.left = self._clock(), None
            if photo.checksum in mine.photos:
                return []
            self._count += 1
            mine.photos[photo.checksum] = photo
            mine.added[photo.checksum] = self._count
            for checksum in list(mine.photos)[:-1][at if at is not None else len(mine.photos) :]:
                mine.photos.move_to_end(checksum)
            dropped = self._fit_visitor(mine, photo.checksum)
            return dropped + self._fit_all(mine, photo.checksum)

    def remove(self, visitor: str, checksum: str) -> tuple[KeptPhoto, int] | None:
        """Drop a photo; return it with its place, or None if the visitor has no such photo."""
        with self._lock:
            mine = self._visitors.get(visitor)
            if mine is None or checksum not in mine.photos:
                return None
            place = list(mine.photos).index(checksum)
            photo = mine.drop(checksum)
            self._forget_empty()
            return photo, place

    def move(self, old: str, new: str) -> None:
        """Give the photos of one token to another: both are known to be the same visitor's."""
        for photo in self.photos(old):
            self.remove(old, photo.checksum)
            self.add(new, photo)

    def know_open(self, visitors: Collection[str]) -> None:
        """Take note of whose tabs are open, and drop the photos of who has been away."""
        with self._lock:
            for token, one in self._visitors.items():
                if token in visitors:
                    one.left = None
                elif one.left is None:
                    one.left = self._clock()
            self._forget_idle()

    def _fit_visitor(self, mine: _Visitor, newest: str) -> list[KeptPhoto]:
        dropped = []
        while len(mine.photos) > self.limits.photos or mine.size > self.limits.bytes:
            oldest = min(mine.added, key=mine.added.__getitem__)
            if oldest == newest:
                break
            dropped.append(mine.drop(oldest))
        return dropped

    def _fit_all(self, mine: _Visitor, newest: str) -> list[KeptPhoto]:
        """Drop the oldest photos of all visitors; return those of this one."""
        dropped = []
        while self._exceeds_all():
            ages = [
                (age, one, checksum)
                for one in self._visitors.values()
                for checksum, age in one.added.items()
                if not (one is mine and checksum == newest)
            ]
            if not ages:
                break
            _, owner, oldest = min(ages, key=lambda age: age[0])
            photo = owner.drop(oldest)
            if owner is mine:
                dropped.append(photo)
        self._forget_empty()
        return dropped

    def _exceeds_all(self) -> bool:
        everyone = self._visitors.values()
        count = sum(len(one.photos) for one in everyone)
        return count > self.limits.all_photos or (
            sum(one.size for one in everyone) > self.limits.all_bytes
        )

    def _forget_idle(self) -> None:
        now = self._clock()
        idle, closed = now - self.limits.idle_seconds, now - self.limits.closed_seconds
        for token, one in list(self._visitors.items()):
            if one.seen < idle or (one.left is not None and one.left < closed):
                del self._visitors[token]

    def _forget_empty(self) -> None:
        for token in [token for token, one in self._visitors.items() if not one.photos]:
            del self._visitors[token]


PHOTOS = PhotoStore()
"""The photos of this server's visitors."""
