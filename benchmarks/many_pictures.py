"""Inputs of `benchmarks.big_run`: many small pictures, or photos of which some are broken."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

BROKEN = 100  # every hundredth photo
_PHOTOS = ("coco128", "osie", "imagenet-100", "lens-train")


@dataclass(frozen=True)
class ManyPictures:
    """A set of pictures and the network that looks at them.

    Attributes
    ----------
    model
        A name from `attnviz models`.
    count
        How many there are, unless fewer are asked for.
    lay
        Writes as many as asked for into a folder, and returns what `attnviz batch` takes, and how
        many of them are broken.
    """

    model: str
    count: int
    lay: Callable[[Path, Path, int], tuple[Path, int]]


def cifar(data: Path, folder: Path, count: int) -> tuple[Path, int]:
    """The first pictures of CIFAR-10, in a ZIP."""
    source = data / "cifar10-jpeg.zip"
    with zipfile.ZipFile(source) as archive:
        names = [entry for entry in archive.infolist() if not entry.is_dir()]
        if count >= len(names):
            return source, 0
        with zipfile.ZipFile(folder / "cifar.zip", "w") as fewer:
            for name in names[:count]:
                fewer.writestr(name, archive.read(name))
    return folder / "cifar.zip", 0


def photos(data: Path, folder: Path, count: int) -> tuple[Path, int]:
    """Photos under many names; every hundredth ends in the middle."""
    place = folder / "photos"
    place.mkdir(exist_ok=True)
    found = [path for name in _PHOTOS for path in sorted((data / name).rglob("*.jp*g"))]
    broken = 0
    for number, path in enumerate(islice(cycle(found), count)):
        copy = place / f"{number:06}.jpg"
        shutil.copyfile(path, copy)
        if number % BROKEN == BROKEN // 2:
            copy.write_bytes(path.read_bytes()[:400])
            broken += 1
    return place, broken


SETS: Mapping[str, ManyPictures] = {
    "cifar": ManyPictures("ran-cifar", 60_000, cifar),
    "photos": ManyPictures("ran-small", 2_000, photos),
}
