"""From what was typed to pictures: files, folders and patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from attnviz.cli.terminal import path_text
from attnviz.errors import PictureError
from attnviz.pictures.folders import not_in, pictures_below
from attnviz.pictures.names import PICTURE_SUFFIXES


@dataclass(frozen=True)
class InputPicture:
    """A picture to open.

    Attributes
    ----------
    path
        Its file.
    place
        Where its results belong below the output folder: its name, below the folders between the
        folder that was given and itself.
    problem
        Why there is no picture, for a folder or pattern without any.
    """

    path: Path
    place: Path
    problem: PictureError | None = None


def input_pictures(words: Sequence[Path], out: Path) -> tuple[InputPicture, ...]:
    """List the pictures that files, folders and patterns stand for, each once.

    Parameters
    ----------
    words
        A file stands for itself, a folder for all pictures in it and in its folders, and a pattern
        such as `photos/**/*.jpg` for what matches it. Hidden files are left out.
    out
        The output folder; earlier results in it are left out too.

    Returns
    -------
    tuple of InputPicture
        In the order of `words`, and sorted within each.
    """
    listed: dict[str, InputPicture] = {}
    for word in words:
        for picture in _pictures_of(word, out):
            listed.setdefault(os.path.realpath(picture.path), picture)
    return tuple(listed.values())


def _pictures_of(word: Path, out: Path) -> Iterator[InputPicture]:
    if _is_folder(word):
        inside = list(pictures_below(word, out))
        if not inside:
            problem = f"There is no picture in the folder {path_text(word)}. Check the path."
            yield InputPicture(word, Path(word.name), PictureError(problem))
        for path in inside:
            yield InputPicture(path, path.relative_to(word))
        return
    if not glob.has_magic(os.fspath(word)) or os.path.lexists(word):
        yield InputPicture(word, Path(word.name))
        return
    names = glob.glob(os.fspath(word), recursive=True)  # noqa: PTH207 - it takes absolute patterns
    matches = [Path(match) for match in sorted(names)]
    pictures = [match for match in matches if not _is_folder(match) and not_in(match, out)]
    likely = [path for path in pictures if path.suffix.lower() in PICTURE_SUFFIXES] or pictures
    for path in likely:
        yield InputPicture(path, Path(path.name))
    if not likely:
        folders = [match for match in matches if _is_folder(match)]
        if folders:
            for folder in folders:
                yield from _pictures_of(folder, out)
            return
        problem = f"Nothing matches {path_text(word)}. Check the pattern."
        yield InputPicture(word, Path(word.name), PictureError(problem))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or has a null character
        return False
