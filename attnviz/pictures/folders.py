"""The pictures below a folder, by their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from attnviz.pictures.names import PICTURE_SUFFIXES


def pictures_below(folder: Path, without: Path) -> Iterator[Path]:
    """Yield the files with a picture's suffix below a folder, sorted.

    Parameters
    ----------
    folder
        The folder. What is hidden in it is left out.
    without
        A folder that is left out too, such as that of earlier results.

    Yields
    ------
    Path
    """
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in _sorted(folders) if not_in(Path(root, name), without)]
        for name in _sorted(files):
            if Path(name).suffix.lower() in PICTURE_SUFFIXES:
                yield Path(root, name)


def not_in(path: Path, folder: Path) -> bool:
    """Whether a path lies outside of a folder; links are followed first."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("."))
