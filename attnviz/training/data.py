"""A folder of class folders, held in memory as small squashed pictures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from attnviz.errors import PictureError, TrainingError
from attnviz.geometry import Fit, fit_picture, resample
from attnviz.pictures import open_picture

SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"]
)
MOST_BYTES = 12 * 1024**3
_NOISE = 1  # so that wrong labels do not go with the pictures that the same seed sets aside


@dataclass(frozen=True)
class PictureSet:
    """Pictures of one part of a data set.

    pixels: uint8 [N, S, S, 3], stretched to the square. labels: int64 [N], indices of classes.
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]

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
    seed: int = 0,
    noise: float = 0.0,
    say: Callable[[str], None] | None = None,
) -> ClassFolder:
    """Read `root`, which has a folder for each class, or `train` and `val` with one each.

    Class names come from `classes.json` ({folder: name}) beside the folders where it exists, else
    from the folders. Without a `val` folder, `validation_share` of each class is set aside by
    `seed`. Pictures that cannot be opened are left out and named in `broken`.

    Args:
        root: the data set's folder.
        side: pictures are stretched to side x side pixels.
        validation_share: used only if there is no `val` (or `valid`, `validation`, `test`) folder.
        seed: decides which pictures are set aside, and which labels become wrong.
        noise: share of the training labels that are replaced by another class (`noisy_labels`).
        say: called with one sentence about broken pictures, if there are any.

    Raises:
        TrainingError: no such folder, fewer than two classes, or an empty part.
    """
    root = Path(root)
    train_root, val_root = _parts(root)
    folders = _class_folders(train_root)
    broken: list[str] = []
    training = _read(train_root, folders, side, broken, "training pictures")
    if val_root is None:
        training, validation = _set_aside(training, validation_share, seed)
    else:
        validation = _read(val_root, folders, side, broken, "validation pictures")
    for part, what in ((training, train_root), (validation, val_root or train_root)):
        if not len(part):
            raise TrainingError(
                f"No picture in {what} could be opened. Give it some and try again."
            )
    if broken and say is not None:
        say(f"{len(broken)} files could not be opened and are left out, first {broken[0]}")
    labels = noisy_labels(training.labels, noise, len(folders), seed)
    training = PictureSet(training.pixels, labels)
    return ClassFolder(_class_names(root, folders), training, validation, tuple(broken))


def noisy_labels(
    labels: npt.NDArray[np.int64], share: float, classes: int, seed: int
) -> npt.NDArray[np.int64]:
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


def load_validation(
    root: Path | str, *, side: int, seed: int = 0
) -> tuple[tuple[str, ...], PictureSet]:
    """Class names and the held-out part alone: the `val` folder, or what `seed` sets aside.

    Raises TrainingError as `load_class_folder` does.
    """
    root = Path(root)
    held_out = _held_out(root)
    if held_out is None:
        data = load_class_folder(root, side=side, seed=seed)
        return data.classes, data.validation
    folders = _class_folders(held_out)
    part = _read(held_out, folders, side, [], "validation pictures")
    if not len(part):
        raise TrainingError(f"No picture in {held_out} could be opened. Give it some.")
    return _class_names(root, folders), part


def _parts(root: Path) -> tuple[Path, Path | None]:
    if not root.is_dir():
        raise TrainingError(f"There is no folder {root}. Give the folder that holds the classes.")
    if not (root / "train").is_dir():
        return root, None
    return root / "train", _held_out(root)


def _held_out(root: Path) -> Path | None:
    folders = (root / name for name in ("val", "valid", "validation", "test"))
    return next((path for path in folders if path.is_dir()), None)


def _class_folders(root: Path) -> tuple[str, ...]:
    if not root.is_dir():
        raise TrainingError(f"There is no folder {root}. Give the folder that holds the classes.")
    names = tuple(sorted(path.name for path in root.iterdir() if path.is_dir()))
    if len(names) < 2:
        raise TrainingError(
            f"{root} has {len(names)} class folders, but telling classes apart takes at least two. "
            "Put the pictures of each class into a folder of its own."
        )
    return names


def _class_names(root: Path, folders: Sequence[str]) -> tuple[str, ...]:
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


def _read(
    root: Path, folders: Sequence[str], side: int, broken: list[str], what: str
) -> PictureSet:
    files = [
        (path, label)
        for label, folder in enumerate(folders)
        for path in _pictures_in(root / folder)
    ]
    if len(files) * side * side * 3 > MOST_BYTES:
        raise TrainingError(
            f"{len(files)} pictures of {side} x {side} px do not fit into memory. "
            "Train at a smaller size or on fewer pictures."
        )
    pixels = np.empty((len(files), side, side, 3), np.uint8)
    labels: list[int] = []
    for path, label in tqdm(files, desc=f"Reading {what}", unit="", disable=len(files) < 200):
        try:
            pixels[len(labels)] = squashed(open_picture(path).pixels, side)
        except PictureError:
            broken.append(str(path.relative_to(root)))
        else:
            labels.append(label)
    return PictureSet(pixels[: len(labels)], np.asarray(labels, np.int64))


def _pictures_in(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        return ()
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def squashed(pixels: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """uint8 [H, W, 3] stretched to [side, side, 3]; averages where it shrinks."""
    height, width = pixels.shape[:2]
    return resample(pixels, fit_picture((height, width), side, Fit.SQUASH))


def _set_aside(part: PictureSet, share: float, seed: int) -> tuple[PictureSet, PictureSet]:
    order = np.random.default_rng(seed).permutation(len(part))
    aside = np.zeros(len(part), dtype=bool)
    for label in np.unique(part.labels):
        members = order[part.labels[order] == label]
        aside[members[: max(1, round(share * len(members)))]] = True
    kept, held = np.flatnonzero(~aside), np.flatnonzero(aside)
    return (
        PictureSet(part.pixels[kept], part.labels[kept]),
        PictureSet(part.pixels[held], part.labels[held]),
    )
