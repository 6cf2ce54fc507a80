"""A folder of class folders, in memory as small squashed pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from attnviz.errors import PictureError, TrainingError
from attnviz.pictures import open_picture
from attnviz.pictures.geometry import Fit, fit_picture, resample
from attnviz.training.data.class_folders import (
    class_folders,
    class_names,
    find_splits,
    pictures_in,
    validation_folder,
)
from attnviz.training.data.noise import noisy_labels
from attnviz.types import IntArray, Pixels

MOST_BYTES = 12 * 1024**3
_LEAST_HELD_OUT = 20


@dataclass(frozen=True)
class PictureSet:
    """Pictures of one part of a data set.

    Attributes
    ----------
    pixels
        uint8 [N, S, S, 3], stretched to the square.
    labels
        int64 [N], indices of classes.
    """

    pixels: Pixels
    labels: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    def spread_sample(self, count: int) -> PictureSet:
        """At most `count` pictures, evenly spaced, so that every class keeps its share."""
        if len(self) <= count:
            return self
        chosen = np.linspace(0, len(self) - 1, count).round().astype(np.int64)
        return PictureSet(self.pixels[chosen], self.labels[chosen])


@dataclass(frozen=True)
class ClassFolder:
    """A data set.

    Attributes
    ----------
    classes
        Class names in the order of their labels.
    training, validation
        The two splits.
    broken
        Paths of the files that could not be opened.
    """

    classes: tuple[str, ...]
    training: PictureSet
    validation: PictureSet
    broken: tuple[str, ...]

    def digest(self) -> str:
        """SHA-256 over all pixels and labels."""
        sha = hashlib.sha256()
        for part in (self.training, self.validation):
            for array in (part.pixels, part.labels):
                sha.update(np.ascontiguousarray(array).data)
        return sha.hexdigest()


def load_class_folder(
    root: Path | str,
    *,
    side: int,
    validation_share: float | None = None,
    noise: float = 0.0,
    seed: int = 0,
    notify: Callable[[str], None] | None = None,
    check_stop: Callable[[], None] | None = None,
) -> ClassFolder:
    """Load a folder that has a folder for each class, or `train` and `val` with one each.

    Class names come from `classes.json` ({folder: name}) where it exists, else from the folders.
    Without a `val` folder, a share of each class is held out at random, but the same pictures each
    time: runs with different seeds are scored, and recorded, on the same pictures.
    Pictures that cannot be opened are left out and listed in `broken`.

    Parameters
    ----------
    root
        The data set's folder.
    side
        Pictures are stretched to side x side pixels.
    validation_share
        Used only if there is no `val` (or `valid`, `validation`, `test`) folder; `held_out_share`
        if None.
    noise
        Share of the training labels that are replaced by another class (`noisy_labels`).
    seed
        Decides which labels those are.
    notify
        Called with a message where pictures are held out or could not be opened.
    check_stop
        Called before each picture; an exception from it ends the reading.

    Raises
    ------
    TrainingError
        No such folder, fewer than two classes, or an empty split.
    """
    root = Path(root)
    train_root, val_root = find_splits(root)
    folders = class_folders(train_root)
    broken: list[str] = []
    training = _read(train_root, folders, side, broken, "training pictures", check_stop)
    _check_counts(training, folders, least=2 if val_root is None else 1)
    if val_root is None:
        share = validation_share
        training, validation = _hold_out(
            training, held_out_share(len(training)) if share is None else share
        )
        if notify is not None:
            notify(_held_out_message(len(training), len(validation)))
    else:
        validation = _read(val_root, folders, side, broken, "validation pictures", check_stop)
        _check_not_empty(validation, val_root, folders)
    if broken and notify is not None:
        notify(_broken_message(broken))
    labels = noisy_labels(training.labels, noise, len(folders), seed)
    training = PictureSet(training.pixels, labels)
    return ClassFolder(class_names(root, folders), training, validation, tuple(broken))


def held_out_share(pictures: int) -> float:
    """Return the share of a data set to hold out: a tenth, or 20 pictures, at most a third.

    Four pictures cannot tell a network that has learned from one that guesses.

    Examples
    --------
    >>> held_out_share(30), held_out_share(80), held_out_share(1000)
    (0.3333333333333333, 0.25, 0.1)
    """
    return min(1 / 3, max(0.1, _LEAST_HELD_OUT / max(pictures, 1)))


def load_validation(root: Path | str, *, side: int) -> tuple[tuple[str, ...], PictureSet]:
    """Load class names and the validation split alone.

    Parameters
    ----------
    root
        The data set's folder; without a `val` folder the pictures that training holds out.
    side
        Pictures are stretched to side x side pixels.

    Raises
    ------
    TrainingError
        As `load_class_folder`.
    """
    root = Path(root)
    folder = validation_folder(root)
    if folder is None:
        data = load_class_folder(root, side=side)
        return data.classes, data.validation
    folders = class_folders(folder)
    part = _read(folder, folders, side, [], "validation pictures")
    _check_not_empty(part, folder, folders)
    return class_names(root, folders), part


def _check_counts(part: PictureSet, folders: Sequence[str], least: int) -> None:
    counts = np.bincount(part.labels, minlength=len(folders))
    few = [
        f"{folder} ({count})"
        for folder, count in zip(folders, counts, strict=True)
        if count < least
    ]
    if few:
        why = ", one of which is held out for validation" if least > 1 else ""
        raise TrainingError(
            f"Too few pictures could be opened in {', '.join(few[:5])}: each class needs at least "
            f"{least}{why}. Add pictures, or remove the folder."
        )


def _check_not_empty(part: PictureSet, root: Path, folders: Sequence[str]) -> None:
    if not len(part):
        raise TrainingError(
            f"No picture in {root} could be opened. It needs the same class folders as the "
            f"training split ({', '.join(folders[:5])}), with pictures in them."
        )


def _held_out_message(training: int, held_out: int) -> str:
    are = "picture is" if held_out == 1 else "pictures are"
    return (
        f"There is no validation split, so {held_out:,} of {training + held_out:,} {are} held out "
        "for validation, some of each class: the same ones in each training."
    )


def _broken_message(broken: Sequence[str]) -> str:
    if len(broken) == 1:
        return f"One file could not be opened and is left out: {broken[0]}."
    return f"{len(broken)} files could not be opened and are left out, the first is {broken[0]}."


def _read(
    root: Path,
    folders: Sequence[str],
    side: int,
    broken: list[str],
    what: str,
    check_stop: Callable[[], None] | None = None,
) -> PictureSet:
    files = [
        (path, label) for label, folder in enumerate(folders) for path in pictures_in(root / folder)
    ]
    if len(files) * side * side * 3 > MOST_BYTES:
        raise TrainingError(
            f"{len(files)} pictures of {side} x {side} px do not fit into memory. "
            "Train at a smaller size or on fewer pictures."
        )
    pixels = np.empty((len(files), side, side, 3), np.uint8)
    labels: list[int] = []
    for path, label in tqdm(files, desc=f"Reading {what}", unit="", disable=len(files) < 200):
        if check_stop is not None:
            check_stop()
        try:
            pixels[len(labels)] = squash(open_picture(path).pixels, side)
        except PictureError:
            broken.append(str(path.relative_to(root)))
        else:
            labels.append(label)
    return PictureSet(pixels[: len(labels)], np.asarray(labels, np.int64))


def squash(pixels: Pixels, side: int | tuple[int, int]) -> Pixels:
    """Stretch a picture to a square; averages where it shrinks.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3].
    side
        Side in pixels, or (height, width).

    Returns
    -------
    Pixels
        uint8 [height, width, 3].
    """
    height, width = pixels.shape[:2]
    return resample(pixels, fit_picture((height, width), side, Fit.SQUASH))


def _hold_out(part: PictureSet, share: float) -> tuple[PictureSet, PictureSet]:
    order = np.random.default_rng(0).permutation(len(part))
    held_out = np.zeros(len(part), dtype=bool)
    for label in np.unique(part.labels):
        members = order[part.labels[order] == label]
        held_out[members[: max(1, round(share * len(members)))]] = True
    training, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    return (
        PictureSet(part.pixels[training], part.labels[training]),
        PictureSet(part.pixels[validation], part.labels[validation]),
    )
