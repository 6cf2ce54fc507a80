"""The pictures that `lens` is trained on: photos without labels, cropped, mirrored, in mosaics."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from attnviz.errors import TrainingError
from attnviz.models.preprocess import pixels_to_tensor
from attnviz.pictures import open_picture
from attnviz.types import Pixels
from attnviz.untrusted.values import UNREADABLE, checked_name, read_json, reason_of

_SHORTEST_SIDE = 256
_MOST_BYTES = 1_000_000_000  # of COCO's own tables; they are read once
_LEAST_AREA = 0.6  # of the picture, in a random crop
_LARGEST_ASPECT = 4 / 3


@dataclass(frozen=True)
class DrawnPictures:
    """Pictures, and which of them are mosaics of four.

    Attributes
    ----------
    pictures
        float32 [N, 3, side, side], sRGB in 0..1.
    cells
        For a batch of mosaics, float32 [N, 3, side / 2, side / 2]: the picture in one of the four
        cells, whose class is asked for. None for whole pictures.
    """

    pictures: Tensor
    cells: Tensor | None


class LensPictures:
    """Groups of photos, each drawn with its own probability.

    Parameters
    ----------
    groups
        (probability, photos uint8 [h, w, 3]) of each group.
    seed
        Of all that is drawn.
    """

    def __init__(self, groups: list[tuple[float, list[Pixels]]], seed: int) -> None:
        self.groups = [group for _, group in groups if group]
        shares = np.array([share for share, group in groups if group])
        if not self.groups:
            raise TrainingError("There are no pictures to train on. Give a folder that has some.")
        self.shares = shares / shares.sum()
        self.random = np.random.default_rng(seed)

    def batch(self, count: int, side: int, *, mosaic: bool) -> DrawnPictures:
        """Draw pictures of `side` pixels; as mosaics, each picture appears in four of them."""
        if not mosaic:
            return DrawnPictures(self._drawn(count, side), None)
        cells = self._drawn(count, side // 2)
        order = [
            torch.arange(count),
            *(torch.as_tensor(self.random.permutation(count)) for _ in "123"),
        ]
        places = self.random.permutation(4)  # the asked-for cell is not always the first
        corner = [cells[order[place]] for place in places]
        rows = [torch.cat(corner[:2], 3), torch.cat(corner[2:], 3)]
        return DrawnPictures(torch.cat(rows, 2), cells)

    def _drawn(self, count: int, side: int) -> Tensor:
        chosen = self.random.choice(len(self.groups), count, p=self.shares)
        pictures = [
            self._cropped(self.groups[group][self.random.integers(len(self.groups[group]))], side)
            for group in chosen
        ]
        return pixels_to_tensor(np.stack(pictures))

    def _cropped(self, picture: Pixels, side: int) -> Pixels:
        """A random part of a picture, mirrored half of the time, squashed to a square."""
        height, width = picture.shape[:2]
        shorter = min(height, width)
        area = self.random.uniform(_LEAST_AREA, 1)
        stretch = _LARGEST_ASPECT ** (self.random.uniform(-1, 1) / 2)
        rows = min(height, round(shorter * area**0.5 * stretch))
        columns = min(width, round(shorter * area**0.5 / stretch))
        top = self.random.integers(height - rows + 1)
        left = self.random.integers(width - columns + 1)
        part = picture[top : top + rows, left : left + columns]
        if self.random.random() < 0.5:
            part = part[:, ::-1]
        way = cv2.INTER_AREA if rows > side else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(part, (side, side), interpolation=way), np.uint8)


def load_pictures(data: Path, *, classes_per_ten: int = 2000, seed: int = 0) -> LensPictures:
    """Load the photos of a data folder that training may see.

    Of COCO128 and OSIE these are every other photo, in the order of their names, beginning with the
    first: the benchmarks report on the others.

    Parameters
    ----------
    data
        Folder with `imagenette-144.tar`, `lens-train`, `coco128` and `osie`; what is missing is
        left out.
    classes_per_ten
        Most pictures of Imagenette's ten classes.
    seed
        Of all that is drawn.

    Raises
    ------
    TrainingError
        The folder has none of them.
    """
    single = _folder(sorted((data / "lens-train").glob("*.jpg")))
    scenes = _folder([*_coco(data)[::2], *sorted((data / "osie" / "images").glob("*"))[::2]])
    imagenette = _imagenette(data / "imagenette-144.tar", classes_per_ten, seed)
    return LensPictures([(0.35, imagenette), (0.4, single), (0.25, scenes)], seed)


def _folder(paths: list[Path]) -> list[Pixels]:
    return [_reduced(open_picture(path).pixels) for path in paths]


def _coco(data: Path) -> list[Path]:
    """Photos with annotated objects, as the benchmarks count them."""
    table = data / "coco128" / "instances.json"
    if not table.is_file():
        return []
    try:
        entries = read_json(table, _MOST_BYTES)
        annotated = {int(box["image_id"]) for box in entries["annotations"]}
        images = [one for one in entries["images"] if int(one["id"]) in annotated]
        names = sorted(checked_name(image["file_name"]) for image in images)
    except (OSError, *UNREADABLE) as error:
        raise TrainingError(
            f"{table} is not a table of COCO's objects ({reason_of(error)}). Get the folder again."
        ) from error
    return [data / "coco128" / "images" / name for name in names]


def _imagenette(archive: Path, most: int, seed: int) -> list[Pixels]:
    if not archive.is_file():
        return []
    with tarfile.open(archive) as members:
        files = sorted(
            (entry for entry in members.getmembers() if "/train/" in entry.name and entry.isfile()),
            key=lambda entry: entry.name,
        )
        chosen = np.random.default_rng(seed).permutation(len(files))[:most]
        sources = (members.extractfile(files[index]) for index in sorted(chosen))
        return [open_picture(source.read()).pixels for source in sources if source]


def _reduced(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = _SHORTEST_SIDE / min(height, width)
    if scale >= 1:
        return pixels
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
