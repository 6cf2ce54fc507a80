"""COCO: what is in focus as a region of the class that the network sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from attnviz.batch.writers.base import (
    SET_WRITERS,
    SetResults,
    SetWriter,
    WrittenPicture,
    write_whole,
)
from attnviz.types import BoolArray

SHARP = 0.5
"""Focus from which on a pixel belongs to the region."""


@SET_WRITERS.add
class CocoFile(SetWriter):
    """One JSON file: images, categories, and a region for each image.

    The region is where the focus is at least one half, by the map of the best layer: its mask as
    run lengths, not compressed, its box and its area. `score` is the probability of the class. A
    picture with a flat map has no region, and those that failed are not listed.
    """

    name: ClassVar[str] = "coco"
    place: ClassVar[str] = "FILE"
    title: ClassVar[str] = "Also write a COCO file: what is in focus, as masks with classes."

    def write(self, results: SetResults, path: Path) -> str:
        """See `SetWriter`."""
        labels = sorted({str(row["top1"] or "") for row in results.rows})
        numbers = {label: number for number, label in enumerate(labels, 1)}
        head = {
            "info": {
                "description": "Where a vision model looks: regions in focus",
                **results.provenance,
            },
            "licenses": [],
            "categories": [
                {"id": number, "name": label or "without a class", "supercategory": ""}
                for label, number in numbers.items()
            ],
            "images": [_image(row) for row in results.rows],
        }

        def write(partial: Path) -> None:
            with partial.open("w", encoding="ascii") as file:
                file.write(json.dumps(head)[:-1] + ', "annotations": [')
                for at, one in enumerate(_annotations(results, numbers)):
                    file.write(("," if at else "") + "\n" + json.dumps(one))
                file.write("\n]}\n")

        write_whole(path, write)
        return ""


def _image(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["index"],
        "file_name": row["path"],
        "width": row["width"],
        "height": row["height"],
        "sha256": row["sha256"],
    }


def _annotations(results: SetResults, numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    for picture in results.pictures():
        region = _region(picture)
        if region is not None:
            row = picture.row
            yield {
                "id": row["index"] + 1,  # readers take 0 for no region
                "image_id": row["index"],
                "category_id": numbers[str(row["top1"] or "")],
                **region,
                "iscrowd": 0,
                "score": row["probability1"],
                "method": row["method"],
                "layer": row["layer"],
                "target": row["target"],
            }


def _region(picture: WrittenPicture) -> dict[str, Any] | None:
    focus = picture.focus()
    mask = None if focus is None else focus.values >= SHARP
    if mask is None or not mask.any():
        return None
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "segmentation": {"size": list(mask.shape), "counts": run_lengths(mask)},
        "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "area": int(mask.sum()),
    }


def run_lengths(mask: BoolArray) -> list[int]:
    """Return the lengths of runs, down the columns from the left, beginning with one outside.

    Parameters
    ----------
    mask
        bool [H, W].

    Returns
    -------
    list of int
        As COCO has them where they are not compressed; they sum to H * W.
    """
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], changes, [flat.size]]))
    return ([0] if flat[0] else []) + [int(length) for length in lengths]
