"""Checksums of downloaded weights whose publisher gives none, or a part of one.

The sum of the first download is kept beside torch's cache. From then on no other file is taken in
its place: what was trusted once stays what it was, also where the address may lead elsewhere later.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from attnviz.errors import WeightsError
from attnviz.files import replace_whole

_WHOLE = 64
_SUM = re.compile(r"[0-9a-f]{64}")
_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.pth$")


def sum_in_name(name: str) -> str:
    """Return the first digits of a SHA-256 with which the names of torch's files end, or ""."""
    found = _IN_NAME.search(name)
    return found[1] if found else ""


def is_whole(sha256: str) -> bool:
    """Return whether a published checksum has all its digits."""
    return len(sha256) == _WHOLE


def check_known_sum(path: Path, sha256: str, file: str | None = None) -> None:
    """Compare a file's checksum with that of the file which was here first, or remember it.

    Parameters
    ----------
    path
        Where the file is in torch's cache, or will be.
    sha256
        Its SHA-256 in 64 hexadecimal digits.
    file
        What an error calls the file; by default its path.

    Raises
    ------
    WeightsError
        It is another file than the first one, or what was kept of that cannot be read.
    """
    note, known = _note(path), first_sum(path)
    if known is None:
        with suppress(OSError):  # a cache that cannot be written was filled by somebody else
            note.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(note, lambda at: at.write_text(f"{sha256}  {path.name}\n"))
    elif known != sha256:
        raise WeightsError(
            f"{file or path} is not the file that was here first, and was not used: its SHA-256 "
            f"was {known}, and is {sha256}. If its publisher has replaced it, remove {note}."
        )


def first_sum(path: Path) -> str | None:
    """Return the SHA-256 of the file that was first downloaded to a place; None if none is known.

    Parameters
    ----------
    path
        The file's place in torch's cache.

    Raises
    ------
    WeightsError
        What was kept cannot be read: a damaged note lets no other file pass.
    """
    note = _note(path)
    try:
        with note.open(encoding="ascii") as file:
            found = _SUM.match(file.read(_WHOLE))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        found = None
    if found is None:
        raise WeightsError(
            f"{note} should hold the checksum of the weights that were here first, and cannot be "
            "read. Mend it, or remove it to trust the weights that are there now."
        )
    return found[0]


def is_noted(path: Path) -> bool:
    """Return whether a sum is kept for a place in torch's cache, unread: it may be damaged."""
    return _note(path).is_file()


def _note(path: Path) -> Path:
    return path.parent.parent / "checksums" / f"{path.name}.sha256"
