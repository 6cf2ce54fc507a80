"""A folder of pictures with where people looked: `fixations.json`, read as if it were hostile.

`{"1001.jpg": [{"x": [395.5, 390.6], "y": [265.7, 326.4], "ms": [246, 136]}, ...], ...}`: for each
picture a list of viewers, for each viewer their fixations in the picture's pixels, x to the right
and y down; `ms`, how long each lasted, may be missing. The pictures lie in the folder or in its
`images`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from attnviz.errors import PictureError, VisionError
from attnviz.pictures import open_picture
from attnviz.pictures.names import visible
from attnviz.progress import Progress
from attnviz.types import DoubleArray, IntArray

FILE = "fixations.json"
MOST_BYTES = 128 * 2**20
MOST_PICTURES, MOST_VIEWERS, MOST_FIXATIONS = 20_000, 1_000, 10_000
_SHAPE = '{"photo.jpg": [{"x": [...], "y": [...], "ms": [...]}, ...], ...}'


@dataclass(frozen=True, eq=False)
class Observer:
    """One person's fixations on one picture, in order: x, y in its pixels, ms; float64 [n], n > 0.

    ms is all 0 where nobody measured it.
    """

    x: DoubleArray
    y: DoubleArray
    ms: DoubleArray


@dataclass(frozen=True, eq=False)
class FixatedPicture:
    """A picture's file, its (height, width), and those who looked at it, one or more."""

    name: str
    path: Path
    size: tuple[int, int]
    viewers: tuple[Observer, ...]

    def cells(self, size: tuple[int, int], *viewers: Observer) -> tuple[IntArray, IntArray]:
        """Rows and columns of fixations on a grid of (height, width) that covers the picture.

        Of all viewers if none is given.
        """
        chosen = viewers or self.viewers
        y, x = (np.concatenate([getattr(one, axis) for one in chosen]) for axis in "yx")
        rows, columns = (
            np.clip((along * cells / side).astype(np.int64), 0, cells - 1)
            for along, cells, side in zip((y, x), size, self.size, strict=True)
        )
        return rows, columns


@dataclass(frozen=True, eq=False)
class FixationSet:
    """Pictures by name, how many fixations lay outside theirs, and sentences on what was left out.

    Notes hold names from the file, without hidden characters; whoever shows them escapes them.
    """

    photos: tuple[FixatedPicture, ...]
    outside: int
    notes: tuple[str, ...]


def read_fixations(
    folder: Path | str,
    *,
    limit: int | None = None,
    progress: Progress | None = None,
) -> FixationSet:
    """The fixations of a folder; every picture is opened once, so that broken ones are known.

    Left out, and said in `notes`: pictures without a file or that cannot be opened, viewers
    without fixations, fixations outside the picture.

    Args:
        folder: holds `fixations.json` and the pictures.
        limit: at most so many pictures, evenly spaced by name.
        progress: told how many pictures of all are looked through.

    Raises VisionError where the file is missing, too large or not as above, names something
    outside the folder, or nothing of it can be used.
    """
    folder = Path(folder)
    table = _table(folder)
    names = sorted(table)
    if limit is not None and limit < len(names):
        if limit < 1:
            raise VisionError(f"{limit} pictures cannot be read. Ask for 1 or more.")
        names = [names[n * len(names) // limit] for n in range(limit)]
    left_out = _LeftOut()
    photos = []
    for number, name in enumerate(names, 1):
        photo = _looked(folder, name, table[name], left_out)
        if photo is not None:
            photos.append(photo)
        if progress is not None:
            progress(number, len(names))
    notes = left_out.sentences(folder)
    if not photos:
        raise VisionError(f"{folder / FILE} names no picture that can be used. " + " ".join(notes))
    return FixationSet(tuple(photos), left_out.outside, notes)


class _LeftOut:
    """What could not be used, to be said in sentences."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.broken: list[str] = []
        self.unseen: list[str] = []
        self.empty = self.outside = 0

    def sentences(self, folder: Path) -> tuple[str, ...]:
        """One for each kind of thing left out."""
        said = [
            f"{len(names)} of the pictures {what}, first {names[0]}."
            for names, what in (
                (self.missing, f"have no file in {folder}"),
                (self.broken, "cannot be opened"),
                (self.unseen, "have no viewer with a fixation inside"),
            )
            if names
        ]
        if self.empty:
            said.append(f"{self.empty} times a viewer has no fixation in a picture.")
        if self.outside:
            said.append(f"{self.outside} fixations lie outside their picture.")
        return tuple(said)


def _table(folder: Path) -> Mapping[str, Any]:
    path = folder / FILE
    try:
        if not path.is_file():
            raise VisionError(
                f"There is no file {path}. Give a folder of pictures with a {FILE}, {_SHAPE}."
            )
        if path.stat().st_size > MOST_BYTES:
            raise VisionError(f"{path} has more than {MOST_BYTES // 2**20} MB. Split it.")
        table = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        reason = visible(str(error)) if isinstance(error, ValueError) else type(error).__name__
        raise VisionError(f"{path} cannot be read as JSON ({reason}). Write it anew.") from None
    if not isinstance(table, dict) or not 0 < len(table) <= MOST_PICTURES:
        raise VisionError(f"{path} must hold from 1 to {MOST_PICTURES:,} pictures, as in {_SHAPE}.")
    return table


def _looked(folder: Path, name: str, entry: Any, left_out: _LeftOut) -> FixatedPicture | None:
    """A picture of the table, or None where it has to be left out."""
    shown = visible(name)
    viewers = _viewers(entry, shown)
    path = _file(folder, name, shown)
    if path is None:
        left_out.missing.append(shown)
        return None
    try:
        picture = open_picture(path)
    except PictureError:
        left_out.broken.append(shown)
        return None
    kept = []
    for viewer in viewers:
        inside = (viewer.x >= 0) & (viewer.x < picture.width)
        inside &= (viewer.y >= 0) & (viewer.y < picture.height)
        left_out.outside += int((~inside).sum())
        if inside.any():
            kept.append(Observer(viewer.x[inside], viewer.y[inside], viewer.ms[inside]))
        else:
            left_out.empty += 1
    if not kept:
        left_out.unseen.append(shown)
        return None
    return FixatedPicture(shown, path, (picture.height, picture.width), tuple(kept))


def _file(folder: Path, name: str, shown: str) -> Path | None:
    """The picture's file; None if there is none. Raises VisionError for one outside the folder."""
    plain = Path(name).name == name and PureWindowsPath(name).name == name and "\0" not in name
    if not plain or name == "..":
        raise VisionError(
            f"{FILE} names the picture {shown!r}, which is no plain file name. Put the pictures "
            f"into the folder or its images, and name them without a path."
        )
    for path in (folder / "images" / name, folder / name):
        if path.is_file():
            if not path.resolve().is_relative_to(folder.resolve()):
                raise VisionError(
                    f"The picture {shown!r} is a link out of {folder}. Copy the picture there."
                )
            return path
    return None


def _viewers(entry: Any, shown: str) -> list[Observer]:
    if not isinstance(entry, list) or not 0 < len(entry) <= MOST_VIEWERS:
        raise VisionError(
            f"{FILE} must list from 1 to {MOST_VIEWERS:,} viewers for {shown!r}, as in {_SHAPE}."
        )
    return [_viewer(one, shown) for one in entry]


def _viewer(entry: Any, shown: str) -> Observer:
    if not isinstance(entry, dict) or not {"x", "y"} <= entry.keys():
        raise VisionError(f"A viewer of {shown!r} in {FILE} has no x and y, as in {_SHAPE}.")
    x, y = (_numbers(entry[axis], axis, shown) for axis in "xy")
    ms = _numbers(entry["ms"], "ms", shown) if "ms" in entry else np.zeros(len(x))
    if not len(x) == len(y) == len(ms):
        raise VisionError(
            f"A viewer of {shown!r} in {FILE} has {len(x)} x, {len(y)} y and {len(ms)} ms. "
            "Give as many of each."
        )
    return Observer(x, y, ms)


def _numbers(values: Any, axis: str, shown: str) -> DoubleArray:
    if not isinstance(values, list) or len(values) > MOST_FIXATIONS:
        raise VisionError(
            f"{axis} of a viewer of {shown!r} in {FILE} must be a list of at most "
            f"{MOST_FIXATIONS:,} numbers."
        )
    # bool is a kind of int in Python, and no place in a picture; integers can be beyond any float.
    good = all(type(one) in (int, float) and abs(one) < 1e9 for one in values)  # nor NaN
    if not good or (axis == "ms" and any(one < 0 for one in values)):
        raise VisionError(
            f"{axis} of a viewer of {shown!r} in {FILE} holds something other than plain numbers. "
            "Mend the file."
        )
    return np.asarray(values, dtype=np.float64)
