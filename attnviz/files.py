"""Atomic writing of files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from safetensors import SafetensorError

from attnviz.errors import AttnvizError, TrainingError

Write = Callable[[Path], object]
"""Writes the content to the path that it is called with."""


def replace_whole(path: Path, write: Write, *, others: bool = False) -> None:
    """Write a file completely or not at all; whatever prevents it is raised as it is.

    `write` is called with a temporary name beside `path`, and the result is moved to `path`. A kill
    or a full disk in the middle leaves the previous file as it was; the partial file is removed, as
    its room may be needed for an error message. The file gets the usual permissions of this user's
    files: safetensors would make it private.

    Parameters
    ----------
    path
        The file, in a folder that exists.
    write
        Writes the content.
    others
        Whether others may write the same file at the same time. Then each has a partial file of its
        own, which stays after a kill.
    """
    partial = path.with_name(f"{path.name}{f'.{uuid4().hex}' if others else ''}.partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch()
        mode = partial.stat().st_mode
        write(partial)
        partial.chmod(mode)
        partial.replace(path)
    except BaseException:
        with suppress(OSError, ValueError):  # ValueError: a null character in the name
            partial.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, write: Write, kind: type[AttnvizError] = TrainingError) -> None:
    """Write a file of a training, or of another run, as `replace_whole` does.

    Parameters
    ----------
    path, write
        As for `replace_whole`.
    kind
        The error that is raised.

    Raises
    ------
    AttnvizError
        The file cannot be written; the text has the system's reason.
    """
    try:
        replace_whole(path, write)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise kind(
            f"{path} could not be written ({reason}). If the disk is full, make room and resume: "
            "earlier files are intact."
        ) from error
