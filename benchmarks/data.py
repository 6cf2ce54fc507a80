"""Annotated pictures for benchmarks, read from the data folder."""

from __future__ import annotations

import argparse
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.geometry import Fit, resample

# Maps are compared at this size: finer than any map, and fixations are exact enough for it.
LONGEST_SIDE = 400
IMAGENET = 1000  # classes of a network that is shown ImageNet's photos
NO_FIXATIONS = np.zeros(0, np.int64)


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The options of a benchmark, among them `data`, the folder that all of them read."""
    parser.add_argument("--data", type=Path, default=os.environ.get("ATTNVIZ_DATA"))
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data, or set ATTNVIZ_DATA")
    return options


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


def outlines_of_objects(data: Path) -> Iterator[tuple[Picture, list[npt.NDArray[np.bool_]]]]:
    """COCO photos with the outline of each annotated object, crowds left out, as masks."""
    for picture, scale, objects in _annotated(data):
        outlines = []
        for one in objects:
            if one["iscrowd"]:
                continue
            mask = np.zeros(picture.pixels.shape[:2], np.uint8)
            parts = (scale * np.asarray(part).reshape(-1, 2) for part in one["segmentation"])
            cv2.fillPoly(mask, [np.rint(part).astype(np.int32) for part in parts], 1)
            if mask.any():
                outlines.append(mask.astype(bool))
        if outlines:
            yield picture, outlines


def _named_boxes(data: Path) -> Iterator[tuple[Picture, list[tuple[str, Box]]]]:
    """The photos, reduced, with category and box of each object in their own pixels."""
    for picture, scale, objects in _annotated(data):
        found: list[tuple[str, Box]] = []
        for one in objects:
            left, top, width, height = (scale * side for side in one["bbox"])
            found.append((one["category"], (left, top, left + width, top + height)))
        yield picture, found


def _annotated(data: Path) -> Iterator[tuple[Picture, float, list[dict[str, Any]]]]:
    """COCO photos with annotations, reduced, their scale, and their objects as before that."""
    table = json.loads((data / "coco128" / "instances.json").read_text())
    names = {category["id"]: str(category["name"]) for category in table["categories"]}
    objects: dict[int, list[dict[str, Any]]] = {}
    for one in table["annotations"]:
        named = {**one, "category": names[one["category_id"]]}
        objects.setdefault(one["image_id"], []).append(named)
    for photo in sorted(table["images"], key=lambda image: str(image["file_name"])):
        if photo["id"] in objects:
            original = open_picture(data / "coco128" / "images" / photo["file_name"])
            picture = original.reduced(LONGEST_SIDE)
            yield picture, picture.width / original.width, objects[photo["id"]]
