"""Writing a file as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from attnviz.errors import TrainingError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a name beside `path`, and move what it wrote to `path`.

    A kill or a full disk in the middle leaves the previous file as it was. Half a file is removed
    again: where a disk is full, that room is what the next message needs. Others may read it where
    they may read what this user writes elsewhere: safetensors lets nobody.

    Raises TrainingError, with the system's reason, where it cannot be written.
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
            f"{path} could not be written ({reason}). If the disk is full, make room and go on: "
            "what was written before is whole."
        ) from error
