"""Atomic writing of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from attnviz.errors import TrainingError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file completely or not at all.

    `write` is called with a temporary name beside `path`, and the result is moved to `path`. A kill
    or a full disk in the middle leaves the previous file as it was; the partial file is removed, as
    its room may be needed for an error message. The file gets the usual permissions of this user's
    files: safetensors would make it private.

    Parameters
    ----------
    path
        The file.
    write
        Writes the content to the path that it is called with.

    Raises
    ------
    TrainingError
        The file cannot be written; the text has the system's reason.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch()
        mode = partial.stat().st_mode
        write(partial)
        partial.chmod(mode)
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise TrainingError(
            f"{path} could not be written ({reason}). If the disk is full, make room and resume: "
            "earlier files are intact."
        ) from error
