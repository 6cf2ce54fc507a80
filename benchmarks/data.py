"""Annotated pictures for benchmarks, read from the data folder."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.geometry import Fit, resample

# Maps are compared at this size: finer than any map, and fixations are exact enough for it.
LONGEST_SIDE = 400
IMAGENET = 1000  # classes of a network that is shown ImageNet's photos
NO_FIXATIONS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Annotated:
    """A photo with fixations, or with a mask of its objects' boxes.

    Attributes
    ----------
    picture
        The photo.
    rows, columns
        int64 [fixations], in pixels of the photo.
    inside
        bool [H, W], true inside a box; [1, 1] where boxes are not annotated.
    """

    picture: Picture
    rows: npt.NDArray[np.int64] = field(default_factory=lambda: NO_FIXATIONS)
    columns: npt.NDArray[np.int64] = field(default_factory=lambda: NO_FIXATIONS)
    inside: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((1, 1), bool))


def imagenette(data: Path) -> npt.NDArray[np.uint8]:
    """Imagenette's validation pictures, uint8 [3925, 144, 144, 3], in the order of their names."""
    with tarfile.open(data / "imagenette-144.tar") as archive:
        members = sorted(
            (entry for entry in archive.getmembers() if "/val/" in entry.name and entry.isfile()),
            key=lambda entry: entry.name,
        )
        sources = (archive.extractfile(entry) for entry in members)
        return np.stack([open_picture(file.read()).pixels for file in sources if file])


def imagenet(data: Path, side: int) -> npt.NDArray[np.uint8]:
    """The centre squares of 100 photos of ImageNet, uint8 [100, side, side, 3], by their names."""
    square = Preprocess(size=side, fit=Fit.CROP)
    photos = (open_picture(path) for path in sorted((data / "imagenet-100").glob("*.jpg")))
    return np.stack([resample(photo.pixels, square.geometry(photo)) for photo in photos])


def with_fixations(data: Path) -> Iterator[Annotated]:
    """OSIE photos with the fixations of all viewers."""
    fixations = json.loads((data / "osie" / "fixations.json").read_text())
    for name, viewers in sorted(fixations.items()):
        original = open_picture(data / "osie" / "images" / name)
        picture = original.reduced(LONGEST_SIDE)
        scale = picture.width / original.width
        height, width = picture.pixels.shape[:2]
        x = np.concatenate([np.asarray(viewer["x"], float) for viewer in viewers])
        y = np.concatenate([np.asarray(viewer["y"], float) for viewer in viewers])
        rows, columns = (np.floor(scale * axis).astype(np.int64) for axis in (y, x))
        valid = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        yield Annotated(picture, rows[valid], columns[valid])


def with_boxes(data: Path) -> Iterator[Annotated]:
    """COCO photos with a mask of all pixels inside a box of any object."""
    for picture, inside in boxes_by_name(data):
        yield Annotated(picture, inside=np.logical_or.reduce(list(inside.values())))


Box = tuple[float, float, float, float]


def boxes_by_name(data: Path) -> Iterator[tuple[Picture, dict[str, npt.NDArray[np.bool_]]]]:
    """COCO photos that have annotated objects, with a mask of the boxes of each category."""
    for picture, boxes in _named_boxes(data):
        inside: dict[str, npt.NDArray[np.bool_]] = {}
        for name, (left, top, right, bottom) in boxes:
            mask = inside.setdefault(name, np.zeros(picture.pixels.shape[:2], bool))
            mask[round(top) : round(bottom), round(left) : round(right)] = True
        yield picture, inside


def boxes_of_objects(data: Path) -> Iterator[tuple[Picture, list[Box]]]:
    """COCO photos that have annotated objects, with left, top, right and bottom of each."""
    for picture, boxes in _named_boxes(data):
        yield picture, [box for _, box in boxes]


def _named_boxes(data: Path) -> Iterator[tuple[Picture, list[tuple[str, Box]]]]:
    """The photos, reduced, with category and box of each object in their own pixels."""
    table = json.loads((data / "coco128" / "instances.json").read_text())
    names = {category["id"]: str(category["name"]) for category in table["categories"]}
    boxes: dict[int, list[tuple[str, list[float]]]] = {}
    for box in table["annotations"]:
        boxes.setdefault(box["image_id"], []).append((names[box["category_id"]], box["bbox"]))
    for photo in sorted(table["images"], key=lambda image: str(image["file_name"])):
        if photo["id"] not in boxes:
            continue
        original = open_picture(data / "coco128" / "images" / photo["file_name"])
        picture = original.reduced(LONGEST_SIDE)
        scale = picture.width / original.width
        found: list[tuple[str, Box]] = []
        for name, sides in boxes[photo["id"]]:
            left, top, width, height = (scale * side for side in sides)
            found.append((name, (left, top, left + width, top + height)))
        yield picture, found
