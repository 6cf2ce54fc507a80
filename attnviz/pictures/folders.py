"""The pictures below a folder, by their names."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
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
    yield from files_below(folder, without, PICTURE_SUFFIXES)


def files_below(folder: Path, without: Path, suffixes: Collection[str]) -> Iterator[Path]:
    """Yield the files with one of some suffixes below a folder, as `pictures_below` does."""
    for inside in _by_folder(folder, without, suffixes):
        yield from inside


def pictures_by_folder(folder: Path, without: Path) -> Iterator[list[Path]]:
    """Yield the pictures of each folder, which may be none, so that a long search can be ended.

    Parameters
    ----------
    folder, without
        As for `pictures_below`.

    Yields
    ------
    list of Path
        Sorted.
    """
    yield from _by_folder(folder, without, PICTURE_SUFFIXES)


def _by_folder(folder: Path, without: Path, suffixes: Collection[str]) -> Iterator[list[Path]]:
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in _sorted(folders) if not_in(Path(root, name), without)]
        yield [Path(root, name) for name in _sorted(files) if Path(name).suffix.lower() in suffixes]


def not_in(path: Path, folder: Path) -> bool:
    """Whether a path lies outside of a folder; links are followed first."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("."))
