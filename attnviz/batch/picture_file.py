"""A picture in a file or in an archive, not opened yet."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from attnviz.errors import PictureError
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.names import visible
from attnviz.untrusted.archives import BROKEN_ARCHIVE, open_zip, unpacked
from attnviz.untrusted.values import reason_of

MOST_ENTRIES = 2_000_000


@dataclass(frozen=True)
class PictureFile:
    """Where a picture lies.

    Attributes
    ----------
    path
        Of its file, or of the archive.
    member
        Its name in a ZIP or TAR; empty for a file.
    group
        What it belongs to: the folder that it lies in, or its label in a table.
    box
        (x0, y0, x1, y1) in shares of the picture's width and height, around what matters in it;
        None if that is not known.
    """

    path: str
    member: str = ""
    group: str = ""
    box: tuple[float, float, float, float] | None = None

    @property
    def name(self) -> str:
        """What it is called in results."""
        return f"{self.path}/{self.member}" if self.member else self.path

    def open(self) -> Picture:
        """Open it; raises PictureError."""
        if not self.member:
            return open_picture(self.path)
        return open_picture(self.content(), name=self.member)

    def content(self) -> bytes:
        """Return the bytes of its file, within the limits; raises PictureError."""
        limits = PictureLimits.from_environment()
        if not self.member:
            try:
                limits.check_bytes(Path(self.path).stat().st_size, self.path)
                return Path(self.path).read_bytes()
            except OSError as error:
                raise PictureError(f"{self.path} cannot be read ({error.strerror}).") from error
        try:
            content = _opened(self.path).read(self.member, limits)
        except (OSError, KeyError, *BROKEN_ARCHIVE) as error:
            raise PictureError(
                f"{visible(self.member)} cannot be read from {Path(self.path).name} "
                f"({reason_of(error)}). Pack the archive again."
            ) from error
        return content


class _Archive:
    """An open ZIP or TAR."""

    def __init__(self, path: str) -> None:
        file = Path(path).open("rb")  # noqa: SIM115 - open while in use
        self._zip = open_zip(file, MOST_ENTRIES) if zipfile.is_zipfile(file) else None
        file.seek(0)
        self._tar = None if self._zip else tarfile.open(fileobj=file)  # noqa: SIM115

    def sizes(self) -> dict[str, int]:
        """Bytes of each regular file, as its header says, in the archive's order."""
        if self._zip is not None:
            entries = self._zip.infolist()
            return {entry.filename: entry.file_size for entry in entries if not entry.is_dir()}
        return {entry.name: entry.size for entry in self._entries() if entry.isreg()}

    def _entries(self) -> Iterator[tarfile.TarInfo]:
        assert self._tar is not None
        for number, entry in enumerate(self._tar):
            if number >= MOST_ENTRIES:
                raise ValueError(f"it has more than {MOST_ENTRIES:,} entries")
            yield entry

    def read(self, member: str, limits: PictureLimits) -> bytes:
        """The content of a file; no more than its header says, and no more than is allowed."""
        if self._zip is not None:
            entry = self._zip.getinfo(member)
            limits.check_bytes(entry.file_size, member)
            return unpacked(self._zip, entry)
        assert self._tar is not None
        found = self._tar.getmember(member)
        limits.check_bytes(found.size, member)
        file = self._tar.extractfile(found) if found.isreg() else None
        if file is None:
            raise PictureError(f"{member} is no file in its archive. Pack the archive again.")
        return file.read(found.size)


@lru_cache(maxsize=4)
def _archive(path: str, version: tuple[int, ...]) -> _Archive:
    """The archive, kept open by the process that reads it: its list of files is long."""
    del version  # another file of the same name is another archive, and each process has its own
    return _Archive(path)


def _opened(path: str) -> _Archive:
    facts = Path(path).stat()
    return _archive(path, (os.getpid(), facts.st_mtime_ns, facts.st_size, facts.st_ino))


def archive_members(path: str) -> dict[str, int]:
    """Return the names of the files in a ZIP or TAR, with their bytes.

    Raises
    ------
    PictureError
        It cannot be read as either.
    """
    try:
        return _opened(path).sizes()
    except (OSError, *BROKEN_ARCHIVE) as error:
        raise PictureError(
            f"{Path(path).name} cannot be read as a ZIP or TAR ({reason_of(error)}). Pack it again."
        ) from error
