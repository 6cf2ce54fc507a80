"""Which folders are classes, which files their pictures, and what the classes are called."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from attnviz.errors import TrainingError

SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"]
)


def counted_pictures(root: Path | str) -> dict[str, int]:
    """How many training pictures each class folder has, by folder name; none of them is opened.

    Raises TrainingError where there is nothing that could be trained on.
    """
    train_root, _ = parts(Path(root))
    return {
        name: sum(1 for _ in pictures_in(train_root / name)) for name in class_folders(train_root)
    }


def quickly_counted(root: Path | str, most: int = 200_000) -> dict[str, int] | None:
    """As `counted_pictures`, or None where more than `most` files would have to be looked at.

    For a folder that somebody only passes by, such as their whole home.
    """
    train_root, _ = parts(Path(root))
    found: dict[str, int] = {}
    for path in sorted(train_root.iterdir()):
        if not path.is_dir() or _is_hidden(path):
            continue
        count = 0
        for _, _, files in os.walk(path):
            most -= len(files) + 1
            if most < 0:
                return None
            count += sum(Path(name).suffix.lower() in SUFFIXES for name in files)
        if count:
            found[path.name] = count
    _check_classes(train_root, len(found))
    return found


def parts(root: Path) -> tuple[Path, Path | None]:
    """The folder with the training classes, and the one with the validation classes, if any."""
    if not root.is_dir():
        raise TrainingError(f"There is no folder {root}. Give the folder that holds the classes.")
    if not (root / "train").is_dir():
        return root, None
    return root / "train", held_out(root)


def held_out(root: Path) -> Path | None:
    """The folder with the validation classes, by its usual names."""
    folders = (root / name for name in ("val", "valid", "validation", "test"))
    return next((path for path in folders if path.is_dir()), None)


def class_folders(root: Path) -> tuple[str, ...]:
    """Names of the folders in `root` that hold pictures, sorted; hidden ones are no classes."""
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
    return path.is_dir() and not _is_hidden(path) and any(True for _ in _found_pictures(path))


def _is_hidden(path: Path) -> bool:
    return path.name.startswith((".", "__"))


def class_names(root: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """What the classes are called: by `classes.json` beside the folders, else as the folders."""
    path = root / "classes.json"
    if not path.is_file():
        return tuple(folders)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return tuple(str(table.get(folder, folder))[:80] for folder in folders)
    except (ValueError, AttributeError) as error:
        raise TrainingError(
            f"{path} is not a table of class names ({error}). Mend it as "
            '{"folder": "name", ...} or remove it.'
        ) from error


def pictures_in(folder: Path) -> Iterable[Path]:
    """The files of a class that look like pictures, sorted."""
    return sorted(_found_pictures(folder)) if folder.is_dir() else ()


def _found_pictures(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
