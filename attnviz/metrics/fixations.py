"""Data sets of fixations: a folder of pictures with `fixations.json`, read as untrusted input.

`{"1001.jpg": [{"x": [395.5, 390.6], "y": [265.7, 326.4], "ms": [246, 136]}, ...], ...}`: for each
picture a list of observers, for each observer their fixations in the picture's pixels, x to the
right and y down; `ms`, the duration of each, may be missing. The pictures are in the folder or in
its `images`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.errors import PictureError, VisionError
from attnviz.pictures import open_picture
from attnviz.pictures.names import visible
from attnviz.progress import Progress, report_progress
from attnviz.types import DoubleArray, IntArray
from attnviz.untrusted.values import UNREADABLE, is_plain_name, parse_json, read_bounded, reason_of

FILE = "fixations.json"
MOST_BYTES = 128 * 2**20
MOST_PICTURES, MOST_OBSERVERS, MOST_FIXATIONS = 20_000, 1_000, 10_000
_SHAPE = '{"photo.jpg": [{"x": [...], "y": [...], "ms": [...]}, ...], ...}'


@dataclass(frozen=True, eq=False)
class Observer:
    """One observer's fixations on one picture, in order.

    Attributes
    ----------
    x, y : float64 [n], n > 0
        In the picture's pixels.
    ms : float64 [n]
        Durations; all 0 where they were not measured.
    """

    x: DoubleArray
    y: DoubleArray
    ms: DoubleArray


@dataclass(frozen=True, eq=False)
class FixatedPicture:
    """A picture with the fixations of one observer or more.

    Attributes
    ----------
    name : str
    path : Path
    size : (int, int)
        Height and width in pixels.
    observers : tuple of Observer
    """

    name: str
    path: Path
    size: tuple[int, int]
    observers: tuple[Observer, ...]

    def cells(self, size: tuple[int, int], *observers: Observer) -> tuple[IntArray, IntArray]:
        """Rows and columns of fixations on a grid that covers the picture.

        Parameters
        ----------
        size : (int, int)
            Height and width of the grid.
        *observers : Observer
            Whose fixations (default: all observers').

        Returns
        -------
        rows, columns : int64 [n]
        """
        chosen = observers or self.observers
        y, x = (np.concatenate([getattr(observer, axis) for observer in chosen]) for axis in "yx")
        rows, columns = (
            np.clip((along * cells / side).astype(np.int64), 0, cells - 1)
            for along, cells, side in zip((y, x), size, self.size, strict=True)
        )
        return rows, columns


@dataclass(frozen=True, eq=False)
class FixationSet:
    """A data set of fixations.

    Attributes
    ----------
    pictures : tuple of FixatedPicture
        Sorted by name.
    outside : int
        Number of fixations outside their picture.
    notes : tuple of str
        Sentences on what was left out. They contain names from the file, without control
        characters; escape them before showing them as HTML.
    """

    pictures: tuple[FixatedPicture, ...]
    outside: int
    notes: tuple[str, ...]


def read_fixations(
    folder: Path | str,
    *,
    limit: int | None = None,
    progress: Progress | None = None,
) -> FixationSet:
    """Read the fixations of a folder; every picture is opened once, so that broken ones are known.

    Left out, with a sentence in `notes`: pictures without a file or that cannot be opened,
    observers without fixations, fixations outside the picture.

    Parameters
    ----------
    folder : Path or str
        Contains `fixations.json` and the pictures.
    limit : int, optional
        Read at most so many pictures, evenly spaced by name.
    progress : Progress, optional
        Called with the number of pictures checked.

    Returns
    -------
    FixationSet

    Raises
    ------
    VisionError
        If the file is missing, too large or malformed, names something outside the folder, or no
        picture can be used.
    """
    folder = Path(folder)
    table = _table(folder)
    names = sorted(table)
    if limit is not None and limit < len(names):
        if limit < 1:
            raise VisionError(f"The number of pictures must be 1 or more, not {limit}.")
        names = [names[n * len(names) // limit] for n in range(limit)]
    left_out = _LeftOut()
    pictures = []
    for number, name in enumerate(names, 1):
        picture_record = _read_picture(folder, name, table[name], left_out)
        if picture_record is not None:
            pictures.append(picture_record)
        report_progress(progress, number, len(names))
    notes = left_out.sentences(folder)
    if not pictures:
        raise VisionError(f"{folder / FILE} names no picture that can be used. " + " ".join(notes))
    return FixationSet(tuple(pictures), left_out.outside, notes)


class _LeftOut:
    """Collects what could not be used, and describes it in sentences."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.broken: list[str] = []
        self.unfixated: list[str] = []
        self.empty = self.outside = 0

    def sentences(self, folder: Path) -> tuple[str, ...]:
        """One sentence for each kind of thing left out."""
        sentences = [
            f"{len(names)} of the pictures {what}, first {names[0]}."
            for names, what in (
                (self.missing, f"have no file in {folder}"),
                (self.broken, "cannot be opened"),
                (self.unfixated, "have no observer with a fixation inside"),
            )
            if names
        ]
        if self.empty:
            sentences.append(f"{self.empty} times an observer has no fixation in a picture.")
        if self.outside:
            sentences.append(f"{self.outside} fixations lie outside their picture.")
        return tuple(sentences)


def _table(folder: Path) -> Mapping[str, Any]:
    path = folder / FILE
    try:
        if not path.is_file():
            raise VisionError(
                f"There is no file {path}. Give a folder of pictures with a {FILE}, {_SHAPE}."
            )
        if path.stat().st_size > MOST_BYTES:
            raise VisionError(f"{path} has more than {MOST_BYTES // 2**20} MB. Split it.")
        table = parse_json(read_bounded(path, MOST_BYTES), nan=True)
    except (OSError, *UNREADABLE) as error:
        raise VisionError(
            f"{path} cannot be read as JSON ({reason_of(error)}). Replace it."
        ) from None
    if not isinstance(table, dict) or not 0 < len(table) <= MOST_PICTURES:
        raise VisionError(f"{path} must hold from 1 to {MOST_PICTURES:,} pictures, as in {_SHAPE}.")
    return table


def _read_picture(folder: Path, name: str, entry: Any, left_out: _LeftOut) -> FixatedPicture | None:
    """Read one picture of the table; None if it must be left out."""
    shown = visible(name)
    observers = _observers(entry, shown)
    path = _file(folder, name, shown)
    if path is None:
        left_out.missing.append(shown)
        return None
    try:
        picture = open_picture(path)
    except PictureError:
        left_out.broken.append(shown)
        return None
    usable = []
    for observer in observers:
        inside = (observer.x >= 0) & (observer.x < picture.width)
        inside &= (observer.y >= 0) & (observer.y < picture.height)
        left_out.outside += int((~inside).sum())
        if inside.any():
            usable.append(Observer(observer.x[inside], observer.y[inside], observer.ms[inside]))
        else:
            left_out.empty += 1
    if not usable:
        left_out.unfixated.append(shown)
        return None
    return FixatedPicture(shown, path, (picture.height, picture.width), tuple(usable))


def _file(folder: Path, name: str, shown: str) -> Path | None:
    """Find the picture's file, None without one; raise VisionError for one outside the folder."""
    if not is_plain_name(name):
        raise VisionError(
            f"{FILE} names the picture {shown!r}, which is no plain file name. Put the pictures "
            f"into the folder or its images, and give their names without a path."
        )
    for path in (folder / "images" / name, folder / name):
        if path.is_file():
            if not path.resolve().is_relative_to(folder.resolve()):
                raise VisionError(
                    f"The picture {shown!r} is a link out of {folder}. Copy the picture there."
                )
            return path
    return None


def _observers(entry: Any, shown: str) -> list[Observer]:
    if not isinstance(entry, list) or not 0 < len(entry) <= MOST_OBSERVERS:
        raise VisionError(
            f"{FILE} must list 1 to {MOST_OBSERVERS:,} observers for {shown!r}, as in {_SHAPE}."
        )
    return [_observer(record, shown) for record in entry]


def _observer(entry: Any, shown: str) -> Observer:
    if not isinstance(entry, dict) or not {"x", "y"} <= entry.keys():
        raise VisionError(f"An observer of {shown!r} in {FILE} has no x and y, as in {_SHAPE}.")
    x, y = (_numbers(entry[axis], axis, shown) for axis in "xy")
    ms = _numbers(entry["ms"], "ms", shown) if "ms" in entry else np.zeros(len(x))
    if not len(x) == len(y) == len(ms):
        raise VisionError(
            f"An observer of {shown!r} in {FILE} has {len(x)} x, {len(y)} y and {len(ms)} ms. "
            "Give as many of each."
        )
    return Observer(x, y, ms)


def _numbers(values: Any, axis: str, shown: str) -> DoubleArray:
    if not isinstance(values, list) or len(values) > MOST_FIXATIONS:
        raise VisionError(
            f"{axis} of an observer of {shown!r} in {FILE} must be a list of at most "
            f"{MOST_FIXATIONS:,} numbers."
        )
    # bool is a subclass of int in Python, but no coordinate; integers can exceed any float.
    good = all(type(value) in (int, float) and abs(value) < 1e9 for value in values)  # nor NaN
    if not good or (axis == "ms" and any(value < 0 for value in values)):
        raise VisionError(
            f"{axis} of an observer of {shown!r} in {FILE} holds something other than plain "
            "numbers. Correct the file."
        )
    return np.asarray(values, dtype=np.float64)
