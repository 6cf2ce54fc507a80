"""A folder of class folders, held in memory as small squashed pictures."""

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
    held_out,
    parts,
    pictures_in,
)
from attnviz.types import IntArray, Pixels

MOST_BYTES = 12 * 1024**3
_NOISE = 1  # so that wrong labels do not go with the pictures that the same seed sets aside


@dataclass(frozen=True)
class PictureSet:
    """Pictures of one part of a data set.

    pixels: uint8 [N, S, S, 3], stretched to the square. labels: int64 [N], indices of classes.
    """

    pixels: Pixels
    labels: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    def spread_sample(self, count: int) -> PictureSet:
        """At most `count` pictures, evenly spaced, so every class keeps its share."""
        if len(self) <= count:
            return self
        chosen = np.linspace(0, len(self) - 1, count).round().astype(np.int64)
        return PictureSet(self.pixels[chosen], self.labels[chosen])


@dataclass(frozen=True)
class ClassFolder:
    """A data set: class names in the order of their labels, two parts, and what was broken."""

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
    validation_share: float = 0.1,
    noise: float = 0.0,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
    between: Callable[[], None] | None = None,
) -> ClassFolder:
    """Read `root`, which has a folder for each class, or `train` and `val` with one each.

    Class names come from `classes.json` ({folder: name}) beside the folders where it exists, else
    from the folders. Without a `val` folder, `validation_share` of each class is set aside, by
    chance but the same ones each time: runs of two seeds are scored, and recorded, on the same
    pictures. Pictures that cannot be opened are left out and named in `broken`.

    Args:
        root: the data set's folder.
        side: pictures are stretched to side x side pixels.
        validation_share: used only if there is no `val` (or `valid`, `validation`, `test`) folder.
        noise: share of the training labels that are replaced by another class (`noisy_labels`).
        seed: decides which labels those are.
        say: called with a sentence where pictures are set aside, and with one about broken ones.
        between: called before each picture; what it raises ends the reading.

    Raises:
        TrainingError: no such folder, fewer than two classes, or an empty part.
    """
    root = Path(root)
    train_root, val_root = parts(root)
    folders = class_folders(train_root)
    broken: list[str] = []
    training = _read(train_root, folders, side, broken, "training pictures", between)
    _check_counts(training, folders, least=2 if val_root is None else 1)
    if val_root is None:
        training, validation = _set_aside(training, validation_share)
        if say is not None:
            say(_told_aside(len(training), len(validation)))
    else:
        validation = _read(val_root, folders, side, broken, "validation pictures", between)
        _check_not_empty(validation, val_root, folders)
    if broken and say is not None:
        say(_left_out(broken))
    labels = noisy_labels(training.labels, noise, len(folders), seed)
    training = PictureSet(training.pixels, labels)
    return ClassFolder(class_names(root, folders), training, validation, tuple(broken))


def noisy_labels(labels: IntArray, share: float, classes: int, seed: int) -> IntArray:
    """A copy of `labels` [N] in which the nearest whole number to share * N of them are wrong.

    Which ones, and which of the other classes each gets, is decided by `seed` alone, all being
    equally likely. (Wang et al. 2017 draw each label's fate on its own, so their share wavers.)
    """
    wrong = round(share * len(labels))
    random = np.random.default_rng([seed, _NOISE])
    chosen = random.permutation(len(labels))[:wrong]
    noisy = labels.copy()
    noisy[chosen] = (labels[chosen] + random.integers(1, classes, wrong)) % classes
    return noisy


def load_validation(root: Path | str, *, side: int) -> tuple[tuple[str, ...], PictureSet]:
    """Class names and the held-out part alone: the `val` folder, or what training sets aside.

    Raises TrainingError as `load_class_folder` does.
    """
    root = Path(root)
    held = held_out(root)
    if held is None:
        data = load_class_folder(root, side=side)
        return data.classes, data.validation
    folders = class_folders(held)
    part = _read(held, folders, side, [], "validation pictures")
    _check_not_empty(part, held, folders)
    return class_names(root, folders), part


def _check_counts(part: PictureSet, folders: Sequence[str], least: int) -> None:
    counts = np.bincount(part.labels, minlength=len(folders))
    few = [
        f"{folder} ({count})"
        for folder, count in zip(folders, counts, strict=True)
        if count < least
    ]
    if few:
        why = ", of which one is set aside for the score" if least > 1 else ""
        raise TrainingError(
            f"Too few pictures could be opened in {', '.join(few[:5])}: each class needs at least "
            f"{least}{why}. Add pictures, or take the folder away."
        )


def _check_not_empty(part: PictureSet, root: Path, folders: Sequence[str]) -> None:
    if not len(part):
        raise TrainingError(
            f"No picture in {root} could be opened. It needs the same class folders as the "
            f"training part ({', '.join(folders[:5])}), with pictures in them."
        )


def _told_aside(kept: int, aside: int) -> str:
    are = "picture is" if aside == 1 else "pictures are"
    return (
        f"There is no validation part, so {aside:,} of {kept + aside:,} {are} set aside for the "
        "score, some of each class: the same ones in each training."
    )


def _left_out(broken: Sequence[str]) -> str:
    if len(broken) == 1:
        return f"One file could not be opened and is left out: {broken[0]}."
    return f"{len(broken)} files could not be opened and are left out, the first is {broken[0]}."


def _read(
    root: Path,
    folders: Sequence[str],
    side: int,
    broken: list[str],
    what: str,
    between: Callable[[], None] | None = None,
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
        if between is not None:
            between()
        try:
            pixels[len(labels)] = squashed(open_picture(path).pixels, side)
        except PictureError:
            broken.append(str(path.relative_to(root)))
        else:
            labels.append(label)
    return PictureSet(pixels[: len(labels)], np.asarray(labels, np.int64))


def squashed(pixels: Pixels, side: int) -> Pixels:
    """uint8 [H, W, 3] stretched to [side, side, 3]; averages where it shrinks."""
    height, width = pixels.shape[:2]
    return resample(pixels, fit_picture((height, width), side, Fit.SQUASH))


def _set_aside(part: PictureSet, share: float) -> tuple[PictureSet, PictureSet]:
    order = np.random.default_rng(0).permutation(len(part))
    aside = np.zeros(len(part), dtype=bool)
    for label in np.unique(part.labels):
        members = order[part.labels[order] == label]
        aside[members[: max(1, round(share * len(members)))]] = True
    kept, held = np.flatnonzero(~aside), np.flatnonzero(aside)
    return (
        PictureSet(part.pixels[kept], part.labels[kept]),
        PictureSet(part.pixels[held], part.labels[held]),
    )
