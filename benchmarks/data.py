"""Annotated pictures for benchmarks, read from the data folder."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from attnviz.pictures import Picture, open_picture

# Maps are compared at this size: coarser than any fixation is exact, finer than any map.
LONGEST = 400
NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Annotated:
    """A photo with the places that people looked at, or with its objects' boxes as a mask."""

    picture: Picture
    rows: npt.NDArray[np.int64] = field(default_factory=lambda: NONE)
    columns: npt.NDArray[np.int64] = field(default_factory=lambda: NONE)
    inside: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((1, 1), bool))


def imagenette(data: Path) -> npt.NDArray[np.uint8]:
    """Imagenette's validation pictures, uint8 [3925, 144, 144, 3], in the order of their names."""
    with tarfile.open(data / "imagenette-144.tar") as archive:
        members = sorted(
            (one for one in archive.getmembers() if "/val/" in one.name and one.isfile()),
            key=lambda one: one.name,
        )
        sources = (archive.extractfile(one) for one in members)
        return np.stack([open_picture(file.read()).pixels for file in sources if file])


def looked_at(data: Path) -> Iterator[Annotated]:
    """OSIE's photos with the fixations of all viewers."""
    fixations = json.loads((data / "osie" / "fixations.json").read_text())
    for name, viewers in sorted(fixations.items()):
        whole = open_picture(data / "osie" / "images" / name)
        picture = whole.reduced(LONGEST)
        scale = picture.width / whole.width
        height, width = picture.pixels.shape[:2]
        x = np.concatenate([np.asarray(one["x"], float) for one in viewers])
        y = np.concatenate([np.asarray(one["y"], float) for one in viewers])
        rows, columns = (np.floor(scale * one).astype(np.int64) for one in (y, x))
        seen = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        yield Annotated(picture, rows[seen], columns[seen])


def with_boxes(data: Path) -> Iterator[Annotated]:
    """COCO photos with a mask of all pixels inside a box of any object."""
    for picture, inside in boxes_by_name(data):
        yield Annotated(picture, inside=np.logical_or.reduce(list(inside.values())))


def boxes_by_name(data: Path) -> Iterator[tuple[Picture, dict[str, npt.NDArray[np.bool_]]]]:
    """COCO photos that show anything, with a mask for each kind of thing: inside a box of one."""
    table = json.loads((data / "coco128" / "instances.json").read_text())
    names = {one["id"]: str(one["name"]) for one in table["categories"]}
    boxes: dict[int, list[tuple[str, list[float]]]] = {}
    for one in table["annotations"]:
        boxes.setdefault(one["image_id"], []).append((names[one["category_id"]], one["bbox"]))
    for photo in sorted(table["images"], key=lambda one: str(one["file_name"])):
        if photo["id"] not in boxes:
            continue
        whole = open_picture(data / "coco128" / "images" / photo["file_name"])
        picture = whole.reduced(LONGEST)
        scale = picture.width / whole.width
        inside: dict[str, npt.NDArray[np.bool_]] = {}
        for name, box in boxes[photo["id"]]:
            left, top, width, height = (scale * side for side in box)
            mask = inside.setdefault(name, np.zeros(picture.pixels.shape[:2], bool))
            mask[round(top) : round(top + height), round(left) : round(left + width)] = True
        yield picture, inside
