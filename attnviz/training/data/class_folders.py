"""Class folders: which folders are classes, their pictures and their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from attnviz.errors import TrainingError
from attnviz.pictures.names import PICTURE_SUFFIXES
from attnviz.untrusted.values import UNREADABLE, checked_text, read_json, reason_of

_MOST_BYTES = 10_000_000


def count_pictures(root: Path | str) -> dict[str, int]:
    """Count the training pictures in each class folder without opening them.

    Parameters
    ----------
    root
        The data set's folder.

    Returns
    -------
    dict[str, int]
        Counts by folder name.

    Raises
    ------
    TrainingError
        The folder has fewer than two classes.
    """
    train_root, _ = find_splits(Path(root))
    return {
        name: sum(1 for _ in pictures_in(train_root / name)) for name in class_folders(train_root)
    }


def count_pictures_up_to(root: Path | str, most: int = 200_000) -> dict[str, int] | None:
    """Count as `count_pictures` does, but give up beyond `most` files.

    For folders that may be huge, such as a home folder.

    Parameters
    ----------
    root
        The data set's folder.
    most
        Largest number of files and folders to look at.

    Returns
    -------
    dict[str, int] or None
        Counts by folder name, or None if there are more files.
    """
    train_root, _ = find_splits(Path(root))
    counts: dict[str, int] = {}
    for path in sorted(train_root.iterdir()):
        if not path.is_dir() or _is_hidden(path):
            continue
        count = 0
        for _, _, files in os.walk(path):
            most -= len(files) + 1
            if most < 0:
                return None
            count += sum(Path(name).suffix.lower() in PICTURE_SUFFIXES for name in files)
        if count:
            counts[path.name] = count
    _check_classes(train_root, len(counts))
    return counts


def find_splits(root: Path) -> tuple[Path, Path | None]:
    """The folders with the training and the validation classes; the latter may be None."""
    if not root.is_dir():
        raise TrainingError(f"There is no folder {root}. Give the folder that holds the classes.")
    if not (root / "train").is_dir():
        return root, None
    return root / "train", validation_folder(root)


def validation_folder(root: Path) -> Path | None:
    """The folder with the validation classes, by its usual names, or None."""
    folders = (root / name for name in ("val", "valid", "validation", "test"))
    return next((path for path in folders if path.is_dir()), None)


def class_folders(root: Path) -> tuple[str, ...]:
    """Names of the folders in `root` that hold pictures, sorted, without hidden ones."""
    if not root.is_dir():
        raise TrainingError(f"There is no folder {root}. Give the folder that holds the classes.")
    names = tuple(sorted(path.name for path in root.iterdir() if _is_class(path)))
    _check_classes(root, len(names))
    return names


def _check_classes(root: Path, count: int) -> None:
    if count < 2:
        raise TrainingError(
            f"{root} has {count} class folders with pictures, but telling classes apart takes "
            "at least two. Put the pictures of each class into a folder of its own."
        )


def _is_class(path: Path) -> bool:
    return path.is_dir() and not _is_hidden(path) and any(True for _ in _picture_files(path))


def _is_hidden(path: Path) -> bool:
    return path.name.startswith((".", "__"))


def class_names(root: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """Class names from `classes.json` in `root`, or the folders' names."""
    path = root / "classes.json"
    if not path.is_file():
        return tuple(folders)
    try:
        table = read_json(path, _MOST_BYTES)
        return tuple(checked_text(table.get(one, one), f"the name of {one}", 80) for one in folders)
    except (OSError, *UNREADABLE) as error:
        raise TrainingError(
            f"{path} is not a table of class names ({reason_of(error)}). Write it as "
            '{"folder": "name", ...} or remove it.'
        ) from error


def pictures_in(folder: Path) -> Iterable[Path]:
    """The files of a class that look like pictures, sorted."""
    return sorted(_picture_files(folder)) if folder.is_dir() else ()


def _picture_files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
