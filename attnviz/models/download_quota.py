"""How much a hosted app downloads in all, whoever asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from attnviz.errors import WeightsUnavailableError
from attnviz.hosting import DOWNLOAD_VARIABLE, Hosting

GIGABYTE = 10**9


@dataclass
class DownloadQuota:
    """Bytes that this process has downloaded, and as many as it may.

    Attributes
    ----------
    taken
        Downloaded since the app was started, also of downloads that failed.
    """

    taken: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def take(self, size: int) -> None:
        """Count bytes that have arrived; raises as `check` if they are too many."""
        with self._lock:
            self.taken += size
        self.check(0)

    def check(self, size: int) -> None:
        """Raise WeightsUnavailableError if so many more bytes are more than a hosted app may."""
        hosting = Hosting.from_environment()
        if hosting.hosted and self.taken + size > hosting.download_gigabytes * GIGABYTE:
            raise WeightsUnavailableError(
                f"this server downloads {hosting.download_gigabytes:g} GB at most until it is "
                f"started again; whoever runs it may raise {DOWNLOAD_VARIABLE}"
            )


DOWNLOADS = DownloadQuota()
"""The downloads of this process."""
