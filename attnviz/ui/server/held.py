"""The uploads that Streamlit holds in memory: how many bytes, whose they are, and for how long.

A page takes what it wants of an upload and drops the rest at once. What stays here are files that
nobody took: sent past the boxes of the pages, or by a tab that was closed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from attnviz.pictures.limits import MEGABYTE

CLOSED_SECONDS = 60.0  # until a closed tab's files go; a tab that lost its connection comes back


class SentFile(Protocol):
    """What Streamlit keeps of an upload."""

    data: bytes


class FileStorage(Protocol):
    """Streamlit's uploads by session and file."""

    file_storage: dict[str, dict[str, SentFile]]

    def remove_file(self, session_id: str, file_id: str) -> None:
        """Drop one file."""

    def remove_session_files(self, session_id: str) -> None:
        """Drop all files of a session."""


@dataclass(frozen=True)
class UploadQuota:
    """What is held at most of uploads that no page has taken yet.

    Attributes
    ----------
    session_bytes, session_files
        Of one tab, or of all tabs of somebody who has signed in. A file that is larger is refused
        at once.
    bytes
        Of all tabs together.
    large
        Of larger files a tab has one: a new one takes the place of the one before it. What is
        chosen together, photos and videos, is smaller.
    open_seconds
        Until a file goes that an open tab has not used up.
    """

    session_bytes: int = 128 * MEGABYTE
    session_files: int = 64
    bytes: int = 1024 * MEGABYTE
    large: int = 64 * MEGABYTE
    open_seconds: float = 3600.0

    @classmethod
    def of_megabytes(cls, megabytes: int, large: int = large) -> UploadQuota:
        """Return the quota of a tab of so many MB; eight of them may be full."""
        return cls(megabytes * MEGABYTE, bytes=8 * megabytes * MEGABYTE, large=large)

    @classmethod
    def of_one_person(cls, large: int = large) -> UploadQuota:
        """Return the quota of somebody's own computer: a folder of photos may come at once."""
        return cls(1024 * MEGABYTE, 1000, 4096 * MEGABYTE, large, math.inf)


@dataclass
class HeldUploads:
    """Keeps account of the uploads of a server.

    Attributes
    ----------
    storage
        Where they are.
    is_open
        Whether a session's tab is connected.
    quota
        What is held at most.
    owner
        Who has signed in to a session; empty for nobody, whose tabs count each by itself.
    clock
        Returns seconds that never go back.
    """

    storage: FileStorage
    is_open: Callable[[str], bool]
    quota: UploadQuota = field(default_factory=UploadQuota)
    owner: Callable[[str], str] = lambda _: ""
    clock: Callable[[], float] = time.monotonic
    _arriving: dict[str, list[int]] = field(default_factory=dict)
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)
    _closed: dict[str, float] = field(default_factory=dict)

    def begin(self, session: str, size: int) -> str:
        """Take note that a file begins to arrive; returns why it may not, or nothing."""
        held = self._sizes()
        replaced = self._large(session) if size > self.quota.large else []
        for file in replaced:  # a new large file takes their place
            held[session].remove(len(self.storage.file_storage[session][file].data))
        who = self.owner(session)
        tabs = {one for one in held if one == session or (who and self.owner(one) == who)}
        mine = [size for one in tabs for size in held[one]]
        if size > self.quota.session_bytes:
            return f"A file may have {self.quota.session_bytes // MEGABYTE} MB here."
        sender = "Your tabs have" if who else "This tab has"
        kept_for = "them" if who else "it"
        if sum(mine) + size > self.quota.session_bytes:
            return f"{sender} sent more than the server keeps for {kept_for}."
        if len(mine) >= self.quota.session_files:
            return f"{sender} sent more files than the server keeps for {kept_for}."
        if sum(map(sum, held.values())) + size > self.quota.bytes:
            return "The server holds too many uploads now. Try again in some minutes."
        for file in replaced:
            self.storage.remove_file(session, file)
        self._arriving.setdefault(session, []).append(size)
        return ""

    def end(self, session: str, size: int) -> None:
        """Take note that a file has arrived, or will not."""
        self._arriving[session].remove(size)
        if not self._arriving[session]:
            del self._arriving[session]
        if size > self.quota.large:  # another may have arrived at the same time
            for file in self._large(session)[:-1]:
                self.storage.remove_file(session, file)

    def sweep(self) -> None:
        """Free what belongs to closed tabs, and what lies here for long."""
        now = self.clock()
        sessions = set(self.storage.file_storage)
        self._closed = {
            one: self._closed.get(one, now) for one in sessions if not self.is_open(one)
        }
        for session, since in self._closed.items():
            if now - since >= CLOSED_SECONDS:
                self.storage.remove_session_files(session)
        files = {
            (session, file)
            for session, files in list(self.storage.file_storage.items())
            for file in list(files)
        }
        self._seen = {one: self._seen.get(one, now) for one in files}
        for (session, file), since in self._seen.items():
            if now - since >= self.quota.open_seconds:
                self.storage.remove_file(session, file)

    def _large(self, session: str) -> list[str]:
        """A tab's large files, the newest last."""
        files = list(self.storage.file_storage.get(session, {}).items())
        return [file for file, sent in files if len(sent.data) > self.quota.large]

    def holding(self) -> set[str]:
        """Return the sessions of which there are files, or some on their way."""
        return set(self._sizes())

    def _sizes(self) -> dict[str, list[int]]:
        """The sizes of each session's files, also of those that are on their way."""
        sizes = {one: list(arriving) for one, arriving in self._arriving.items()}
        for session, files in list(self.storage.file_storage.items()):
            sizes.setdefault(session, []).extend(len(file.data) for file in list(files.values()))
        return sizes
