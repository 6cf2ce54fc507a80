"""The pictures that an input stands for: a folder, files, a table with paths, or an archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow.csv

from attnviz.batch.picture_file import PictureFile, archive_members
from attnviz.errors import PictureError
from attnviz.pictures.folders import pictures_below
from attnviz.pictures.names import PICTURE_SUFFIXES, visible
from attnviz.untrusted.tables import read_table
from attnviz.untrusted.values import UNREADABLE, reason_of

TABLES = (".csv", ".parquet")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_PATHS = ("path", "file", "filename", "image", "picture")
_LABELS = ("label", "class", "group")
_BOX = ("x0", "y0", "x1", "y1")


def is_table(path: Path) -> bool:
    """Return whether a file's name says that it is a table of paths."""
    return path.name.lower().endswith(TABLES)


def is_archive(path: Path) -> bool:
    """Return whether a file's name says that it is a ZIP or TAR."""
    return path.name.lower().endswith(ARCHIVES)


def files_of(source: Path, without: Path) -> list[PictureFile]:
    """Return the pictures of a folder, of a table, or in an archive.

    Parameters
    ----------
    source
        Its path.
    without
        A folder whose files are left out, such as that of earlier results.

    Returns
    -------
    list of PictureFile
        Those of a folder sorted by path.

    Raises
    ------
    PictureError
        It cannot be read, or holds no picture.
    """
    if is_table(source) and source.is_file():
        return files_of_table(source)
    if is_archive(source) and source.is_file():
        return files_of_archive(source)
    found = files_of_folder(list(pictures_below(source, without)))
    if not found:
        raise PictureError(f"There is no picture in the folder {source}. Check the path.")
    return found


def files_of_folder(paths: Sequence[Path]) -> list[PictureFile]:
    """Return files with the folder of each as its group."""
    return [PictureFile(str(path), group=path.parent.name) for path in paths]


def files_of_archive(path: Path) -> list[PictureFile]:
    """Return the pictures in a ZIP or TAR, such as a shard of WebDataset, in its order.

    Parameters
    ----------
    path
        The archive. Its files are read where they lie, and never unpacked.

    Returns
    -------
    list of PictureFile
        Named by their path in the archive, with their folder as group.

    Raises
    ------
    PictureError
        It cannot be read, or holds no picture.
    """
    pictures = [
        PictureFile(str(path), name, one.parent.name)
        for name in archive_members(str(path))  # which knows it by this alone, as "./cats/1.png"
        if (one := PurePosixPath(name)).suffix.lower() in PICTURE_SUFFIXES
        and not any(part.startswith((".", "__MACOSX")) for part in one.parts)
    ]
    if not pictures:
        raise PictureError(f"There is no picture in {path.name}. Check the archive.")
    return pictures


def files_of_table(path: Path) -> list[PictureFile]:
    """Return the pictures that a table lists.

    Parameters
    ----------
    path
        CSV or Parquet with a column `path`, and optionally `label`, and `x0`, `y0`, `x1`, `y1`: a
        box in shares of the picture. Paths are relative to the table's folder.

    Returns
    -------
    list of PictureFile
        In the order of the rows.

    Raises
    ------
    PictureError
        It cannot be read, or has no column of paths.
    """
    try:
        table = pyarrow.csv.read_csv(path) if path.suffix.lower() == ".csv" else read_table(path)
        columns = {name.lower(): name for name in table.column_names}
    except (OSError, *UNREADABLE) as error:  # of Arrow's errors too
        raise PictureError(
            f"{path.name} cannot be read as a table ({reason_of(error)}). Write it again."
        ) from error
    named = next((columns[name] for name in _PATHS if name in columns), None)
    if named is None:
        raise PictureError(
            f"{path.name} has the columns {visible(', '.join(table.column_names[:8]))}, and none "
            'of paths. Call one "path".'
        )
    label = next((columns[name] for name in _LABELS if name in columns), None)
    chosen = {"path": named, **({"label": label} if label else {})}
    if all(name in columns for name in _BOX):
        chosen |= {name: columns[name] for name in _BOX}
    try:
        lists = {name: table[column].to_pylist() for name, column in chosen.items()}
        return list(_rows(path.parent, lists))
    except UNREADABLE as error:
        raise PictureError(
            f"{path.name} has columns that cannot be read ({reason_of(error)}). Write it again."
        ) from error


def _rows(folder: Path, lists: dict[str, list[Any]]) -> Iterator[PictureFile]:
    labels = lists.get("label") or [""] * len(lists["path"])
    boxes = zip(*(lists[name] for name in _BOX), strict=True) if "x0" in lists else None
    for path, label in zip(lists["path"], labels, strict=True):
        box = None if boxes is None else next(boxes)
        known = box is not None and all(_is_share(edge) for edge in box)
        yield PictureFile(
            str(folder / str(path)),
            group="" if label is None else str(label),
            box=box if known else None,
        )


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and -1e6 < value < 1e6  # nor NaN
