"""Where files are written: checked before the work begins, with errors of one sentence."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from attnviz.cli.terminal import path_text
from attnviz.errors import OutputError
from attnviz.files import replace_whole

_ADVICE = "Choose another place with --out."


def check_folder(folder: Path) -> None:
    """Raise OutputError where a folder does not exist and cannot be made; nothing is made yet."""
    for place in (folder, *folder.absolute().parents):
        try:
            exists = os.path.lexists(place)
            if exists and not place.is_dir():
                what = f"{path_text(folder)} cannot be a folder: {path_text(place)} is a file."
                raise OutputError(f"{what} {_ADVICE}")
        except (OSError, ValueError) as error:  # ValueError: a null character
            raise _not_writable(folder, error) from error
        if exists:
            if not os.access(place, os.W_OK | os.X_OK):
                raise OutputError(f"Nothing can be written to {path_text(place)}. {_ADVICE}")
            return


def write_file(path: Path, content: bytes) -> None:
    """Write a file as a whole, with its folder; raises OutputError and leaves no part of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, lambda partial: partial.write_bytes(content))
    except (OSError, ValueError) as error:
        raise _not_writable(path, error) from error


def _not_writable(path: Path, error: OSError | ValueError) -> OutputError:
    reason = getattr(error, "strerror", None) or error
    return OutputError(f"{path_text(path)} cannot be written ({reason}). {_ADVICE}")


def output_folders(places: Sequence[Path]) -> tuple[Path, ...]:
    """Choose a folder for each picture, no two of them the same.

    Parameters
    ----------
    places
        Relative paths of the pictures. The folder is named after the picture without its suffix;
        where that name is taken, by any picture, a number is added. Names that differ in case only
        count as the same, as on many file systems.

    Returns
    -------
    tuple of Path
        Relative, in the order of `places`.
    """
    natural = [place.with_name(_safe(place.stem)) for place in places]
    taken = {_key(folder) for folder in natural}
    used: set[str] = set()
    folders = []
    for folder in natural:
        number, chosen = 1, folder
        while _key(chosen) in used or (number > 1 and _key(chosen) in taken):
            number += 1
            chosen = folder.with_name(f"{folder.name}-{number}")
        used.add(_key(chosen))
        folders.append(chosen)
    return tuple(folders)


def _safe(stem: str) -> str:
    """Not `.` or `..`, which would lead out of the output folder, as the picture `...jpg` would."""
    return stem.rstrip(". ") or "picture"


def _key(folder: Path) -> str:
    return str(folder).casefold()
